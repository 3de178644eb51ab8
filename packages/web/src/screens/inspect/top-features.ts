/** Strongest features asked for at each token. */
export const topFeatures = 10;
