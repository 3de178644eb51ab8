/** Every number on the page: its name, formula and what it does and does not say. The Learn screen and the hovers read this. */
export interface Term {
  name: string;
  /** In plain text, one line. */
  formula?: string;
  meaning: string;
  /** What it does not show. */
  caveat?: string;
}

export const glossary = {
  // Atlas
  density: {
    name: "Density",
    formula: "tokens on which the feature fires / tokens indexed",
    meaning: "How often a feature is active at all.",
  },
  maximum: {
    name: "Maximum",
    formula: "max over tokens of a_i = f_i·‖W_dec,i‖",
    meaning: "The strongest activation seen while the atlas was made; the unit `×max` of edits.",
    caveat: "A larger corpus may hold a stronger one.",
  },
  readability: {
    name: "Readability",
    formula: "constancy × −log₂(word's share of the text) × min(1, examples/20) × min(1, documents/5)",
    meaning:
      "The order in which features are listed first: those at whose peaks one rare word stands, again and again. Constancy is the share of examples with that word at the peak.",
    caveat: "A heuristic of ours. It favours features of single words; a feature of a subtler idea may stand far below.",
  },
  effect: {
    name: "Effect",
    formula: "max over tokens of W_U·(γ⊙d̂_i) − mean over the vocabulary",
    meaning: "How strongly the feature's direction raises its favourite output token directly.",
    caveat: "Later layers are left out, so the real effect differs the more blocks follow.",
  },
  fvu: {
    name: "FVU",
    formula: "Σ‖x − x̂‖² / Σ‖x − x̄‖²",
    meaning: "The share of the variance that the dictionary does not explain, on documents held out of training. Lower is better.",
    caveat: "A low FVU does not make features readable.",
  },
  l0: {
    name: "L0",
    formula: "mean over tokens of the number of features with f_i > 0",
    meaning: "How many features are active at once on a token. A TopK dictionary keeps it at k or below.",
    caveat: "FVU and ΔCE can be compared only at about the same L0.",
  },
  l1: {
    name: "L1",
    formula: "mean over tokens of Σ f_i·‖W_dec,i‖",
    meaning: "How much activation describes a token. A ReLU dictionary pays λ for each unit of it, on top of what it fails to rebuild.",
    caveat: "The price shrinks every activation, also those that are right.",
  },
  lambda: {
    name: "λ",
    formula: "L = mean [‖x − x̂‖² + λ Σ f_i·‖W_dec,i‖]",
    meaning:
      "The price of activation. A higher one leaves fewer features active and more unexplained. It rises from 0 over the first steps.",
    caveat: "It means something only for activations of one scale: here E‖x‖² = d.",
  },
  deltaCe: {
    name: "ΔCE",
    formula: "CE(x̂ in place of x) − CE(clean), nats per token",
    meaning: "How much worse the model predicts the next token when it sees only what the dictionary explains. Lower is better.",
    caveat: "Small losses on average can hide large ones on rare tokens.",
  },
  gap: {
    name: "ΔCE as a share of the gap",
    formula: "ΔCE / ΔCE of mean ablation",
    meaning: "0 % is the model as it is, 100 % is as bad as knowing only the average activation.",
    caveat: "The worst case is very bad, so small shares come easily.",
  },
  ce: {
    name: "Cross-entropy",
    formula: "mean over tokens of −ln p(next token), nats",
    meaning: "How badly the model predicts the text. The top row is the model as it is.",
  },
  dead: {
    name: "Dead",
    formula: "features silent for the last 10⁷ tokens of training, or the last fifth of the run where that is less",
    meaning: "Capacity that was not used. The number holds for its window only.",
    caveat: "Counts over other windows or other definitions cannot be compared.",
  },
  silent: {
    name: "Silent",
    formula: "features without an activation on the held-out tokens",
    meaning: "All that can be said of a dictionary that was trained elsewhere: how many died in training is not known.",
    caveat: "Rare features are silent on few tokens, too.",
  },
  alive: {
    name: "Alive",
    formula: "features with at least one activation on the tokens indexed",
    meaning: "The features that have a density, a maximum and examples.",
  },
  randomDictionary: {
    name: "Random dictionary",
    formula: "frozen random decoder, trained encoder, same L0, same held-out tokens",
    meaning: "What directions that mean nothing would reach. A dictionary is worth what it gains over this.",
  },
  pca: {
    name: "PCA",
    formula: "projection on the leading principal components; as many of them as L0",
    meaning: "The best linear summary with the same number of parts, always the same ones.",
  },
  meanAblation: {
    name: "Mean ablation",
    formula: "x̄ in place of x",
    meaning: "The site carries nothing but its average: FVU is 1 by definition.",
  },
  site: {
    name: "Site",
    meaning: "Where in the model activations are read and edited. `blocks.15.hook_resid_post` is the residual stream after block 15.",
    caveat: "What other layers compute later is not seen here.",
  },
  tokensIndexed: {
    name: "Tokens indexed",
    meaning:
      "The text in which examples, densities and maxima were looked for. Position 0, special tokens and tokens of extreme norm are left out.",
    caveat: "A feature may stand for something that this text does not hold.",
  },
  word: {
    name: "Word",
    formula: "the word that most often stands at the feature's peaks",
    meaning: "A handle made by counting. Where a person has named the feature, that name is shown instead.",
    caveat: "It is no explanation.",
  },
  topToken: {
    name: "Top token",
    formula: "the token with the largest activation",
    meaning: "Where the feature was strongest in the text indexed.",
  },
  topOutput: {
    name: "Raises",
    formula: "argmax over tokens of W_U·(γ⊙d̂_i)",
    meaning: "The output token that the feature's direction makes more likely, directly.",
    caveat: "Later layers are left out.",
  },
  // Feature
  fired: {
    name: "Fired",
    formula: "number of indexed tokens with a_i > 0",
    meaning: "On how many tokens the feature was active while the atlas was made.",
  },
  meanActivation: {
    name: "Mean",
    formula: "mean of a_i over the tokens with a_i > 0",
    meaning: "How strong the feature is where it fires.",
  },
  activation: {
    name: "Activation",
    formula: "a_i = f_i·‖W_dec,i‖",
    meaning: "How strongly the feature fires on a token: the length of what it adds to x̂ along its own direction.",
  },
  intervals: {
    name: "Activations",
    formula: "tokens by a_i, heights log(1 + count)",
    meaning:
      "How often the feature fires how strongly. Examples are sampled from each equal interval between 0 and the maximum, so that weak firings are seen too.",
    caveat: "The strongest examples alone make a feature look cleaner than it is.",
  },
  logitEffect: {
    name: "Output tokens",
    formula: "W_U·(γ⊙d̂_i) − mean over the vocabulary",
    meaning:
      "What the feature's unit direction does to each output token's logit, read straight through the final norm and the output matrix.",
    caveat: "Later layers are left out. Early in the model such lists are often noise.",
  },
  firingTokens: {
    name: "Tokens it fires on",
    formula: "NPMI = ln(p(t, fires) / p(t)p(fires)) / −ln p(t, fires)",
    meaning: "Tokens on which the feature fires more than on others: 1 = only and always together, 0 = independent.",
  },
  neighbours: {
    name: "Neighbours by direction",
    formula: "d̂_i·d̂_j",
    meaning: "Features whose decoder directions are most alike: the cosine of the angle between them.",
  },
  coactive: {
    name: "Neighbours by co-activation",
    formula: "NPMI = ln(p_ij / p_i p_j) / −ln p_ij",
    meaning: "Features that fire on the same tokens more than chance would have them: 1 = always together, 0 = independent.",
    caveat: "p_ij counts the indexed tokens on which both fire; rare pairs are noisy.",
  },
  // Inspect
  share: {
    name: "Share",
    formula: "a_i / (feature's maximum in the atlas)",
    meaning: "How strong the feature is here beside the strongest that the atlas has seen. May exceed 100 %.",
  },
  errorShare: {
    name: "Error",
    formula: "‖x − x̂‖² / ‖x − x̄‖²",
    meaning: "The part of this token's activation that the dictionary does not explain, about the mean of the training text.",
    caveat: "What is in the error is on no list of features.",
  },
  textRank: {
    name: "Rank in a text",
    formula: "largest share: max over tokens of a_i / maximum_i · sum: Σ over tokens of a_i / maximum_i",
    meaning: "Which features stand out in the whole text. Counted where a feature is among a token's ten strongest.",
    caveat: "The sum favours features that fire on most tokens.",
  },
  // Chat
  change: {
    name: "Change",
    formula: "(mean a_i over the edited answer − mean a_i over the plain one) / maximum_i",
    meaning: "Both answers are read again without edits: the features that the edited text calls up more (rose) or less (fell).",
    caveat: "It compares two texts. It does not show what the edit did inside the model while it wrote.",
  },
  // Runs
  loss: {
    name: "Loss",
    formula: "mean ‖x − x̂‖² over a batch, x scaled to a mean square of 1 where the run normalises",
    meaning: "What training brings down, on the batches that it learns from.",
    caveat: "Batches of the training text. The numbers at the end are from documents held out.",
  },
  tokensPerSecond: {
    name: "tok/s",
    formula: "tokens trained on / seconds, over the last seconds",
    meaning: "The pace of the run.",
  },
} as const satisfies Record<string, Term>;

export type TermId = keyof typeof glossary;
