import type { AnyCommand } from "./command.ts";

/** A command: loaded when it is called, so that one command's packages cost the others nothing. */
export interface CommandEntry {
  name: string;
  load(): Promise<AnyCommand>;
}

/** Every command, in the order of the help. */
export const registry: readonly CommandEntry[] = [
  { name: "start", load: async () => (await import("./commands/start.ts")).startCommand() },
  { name: "serve", load: async () => (await import("./commands/serve.ts")).serveCommand() },
  { name: "model", load: async () => (await import("./commands/model.ts")).modelCommand() },
  { name: "forward", load: async () => (await import("./commands/forward.ts")).forwardCommand() },
  { name: "harvest", load: async () => (await import("./commands/harvest.ts")).harvestCommand() },
  { name: "train", load: async () => (await import("./commands/train.ts")).trainCommand() },
  { name: "import", load: async () => (await import("./commands/import.ts")).importCommand() },
  { name: "index", load: async () => (await import("./commands/index-atlas.ts")).indexCommand() },
  { name: "feature", load: async () => (await import("./commands/feature.ts")).featureCommand() },
  { name: "search", load: async () => (await import("./commands/search.ts")).searchCommand() },
  { name: "inspect", load: async () => (await import("./commands/inspect.ts")).inspectCommand() },
  { name: "export", load: async () => (await import("./commands/export.ts")).exportCommand() },
  { name: "generate", load: async () => (await import("./commands/generate.ts")).generateCommand() },
  { name: "chat", load: async () => (await import("./commands/chat.ts")).chatCommand() },
  { name: "list", load: async () => (await import("./commands/list.ts")).listCommand() },
  { name: "remove", load: async () => (await import("./commands/remove.ts")).removeCommand() },
  { name: "bench", load: async () => (await import("./commands/bench.ts")).benchCommand() },
  { name: "doctor", load: async () => (await import("./commands/doctor.ts")).doctorCommand() },
];
