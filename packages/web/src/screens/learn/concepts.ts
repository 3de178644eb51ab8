/** What the words mean, in plain language. `id` is the anchor. */
export interface Concept {
  id: string;
  name: string;
  text: readonly string[];
}

export const concepts: readonly Concept[] = [
  {
    id: "feature",
    name: "Feature",
    text: [
      "A language model holds its state at every token as a long list of numbers. A feature is one direction in that space of numbers, found so that the state at most tokens is the sum of a few features out of thousands.",
      "A feature has an activation at each token: zero where it is silent, larger where it is stronger. Often, but not always, the places where it is strong have something in common that a person can name.",
    ],
  },
  {
    id: "dictionary",
    name: "Dictionary",
    text: [
      "A dictionary is a set of features for one place in one model, learned together. It is a small network (a sparse autoencoder) that reads the state x, turns on a few features, and tries to rebuild x from them. What it rebuilds is written x̂.",
      "Nothing tells it what the features should be. It only learns to rebuild well with few of them. Another seed, another size or another text gives another dictionary: it is a decomposition, not the decomposition.",
    ],
  },
  {
    id: "sparsity",
    name: "TopK, ReLU and λ",
    text: [
      "Two ways to keep few features active. TopK keeps the k strongest at every token, no more. The way of Scaling Monosemanticity keeps every feature whose sum is above zero, and makes activation cost something: λ for each unit of it while the dictionary learns. How many are then active differs from token to token.",
      "TopK needs no price to be chosen and does not shrink activations; its features compete for rank, so changing one at a token can push another out. Under a penalty each feature decides for itself.",
    ],
  },
  {
    id: "atlas",
    name: "Atlas",
    text: [
      "An atlas is a dictionary with an index: for every feature where it fired, how often, how strongly, which output tokens it favours and which other features are near it. It is a folder; it can be copied and shared, and opening it changes nothing in it.",
    ],
  },
  {
    id: "example",
    name: "Example",
    text: [
      "An example is a stretch of the text that was indexed, with a feature's activation at each token. The strongest ones are kept, and samples from every interval between zero and the maximum: the strongest alone give too neat a picture.",
    ],
  },
  {
    id: "error-term",
    name: "Error term",
    text: [
      "What the dictionary does not explain: x − x̂. It is not noise; the model uses it. Lexiscope keeps it in every edit, so that an edit changes one feature and nothing else, and shows its share on Inspect.",
    ],
  },
  {
    id: "steering",
    name: "Steering and edits",
    text: [
      "An edit changes a feature while the model runs, and the model goes on from the changed state. Clamp sets the activation to a value, x + (v − a)·d̂; add puts a value on top, x + v·d̂; scale multiplies it; ablate sets it to zero. d̂ is the feature's direction with length 1, a its activation there.",
      "Strength is given in multiples of the feature's own maximum (×max) or of the typical length of the state at that site (norm). Useful strengths differ from feature to feature, and often lie outside anything the model does by itself; too much of it gives nonsense.",
    ],
  },
];

/** What none of this proves. */
export const caveats: readonly (readonly [claim: string, text: string])[] = [
  [
    "Examples do not show what a feature does.",
    "They show where it was active in one text. What it changes in the output is another question: activation and effect often go together badly. Steer it, ablate it, and look.",
  ],
  [
    "The strongest examples mislead.",
    "A feature that looks clear at its maximum is often vague at low activations, where it spends most of its time. Look at the lower intervals too.",
  ],
  [
    "A correlation is not a cause.",
    "Features that fire together, or that point the same way, need not act on each other. The output tokens shown are the direct effect alone, without the layers that follow.",
  ],
  [
    "Part of the model is missing.",
    "The error term is real and structured. A concept without a feature here may well be known to the model: it may lie in the error, in several features, in another layer, or be absent from the text.",
  ],
  [
    "The corpus is small.",
    "Maxima, densities and examples come from the tokens indexed and no others. Rare things may have been seen a handful of times or never.",
  ],
  [
    "Names are people's.",
    "A name is a guess by whoever gave it. The word shown without one is counted, not understood. Neither is checked against what the feature does elsewhere.",
  ],
  [
    "Good scores are cheap.",
    "Random dictionaries do surprisingly well on many measures. That is why every score stands beside one, and beside PCA and mean ablation.",
  ],
  [
    "A feature about something is not the model doing it.",
    "There is a difference between knowing about lies, being able to lie and lying. A feature that fires on flattery does not say that the model will flatter.",
  ],
  [
    "Offensive text is hidden by a word list.",
    "The switch under Settings blurs texts that hold a word of a short English list. It is a heuristic: it misses what is not listed and what only context makes offensive, and it flags quotations.",
  ],
];

export const sources: readonly { title: string; by: string; href: string }[] = [
  {
    title: "Towards Monosemanticity: Decomposing Language Models With Dictionary Learning",
    by: "Bricken et al., 2023",
    href: "https://transformer-circuits.pub/2023/monosemantic-features",
  },
  {
    title: "Scaling Monosemanticity: Extracting Interpretable Features from Claude 3 Sonnet",
    by: "Templeton et al., 2024",
    href: "https://transformer-circuits.pub/2024/scaling-monosemanticity/",
  },
  { title: "Scaling and evaluating sparse autoencoders (TopK)", by: "Gao et al., 2024", href: "https://arxiv.org/abs/2406.04093" },
];
