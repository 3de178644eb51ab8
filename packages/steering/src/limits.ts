/** Times the median norm, and largest factor: squares of what is far beyond overflow f32, which reads as silence and not as an error. */
export const maxStrength = 1e6;
