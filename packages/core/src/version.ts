/** Written into every manifest. */
export const version = "0.1.0";
