import type { Architecture } from "@lexiscope/contract";
import type { NativeTensorRef } from "@lexiscope/native";
import type { ChatTemplateSource } from "./chat-template.ts";
import type { TokenizerSource } from "./tokenizer.ts";

/** Everything that opening a model needs, read from its files' headers; no weight has been read yet. */
export interface ModelPlan {
  name: string;
  architecture: Architecture;
  /** Files with weights; `tensors[i].file` is an index here. */
  files: string[];
  tensors: NativeTensorRef[];
  tokenizer: TokenizerSource;
  template: ChatTemplateSource | undefined;
  /** Stop ids that the files name. */
  stopIds: (number | undefined)[];
  /** Sentences for the person who opens it. */
  warnings: string[];
}
