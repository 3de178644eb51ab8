import type { ServerContext } from "../context.ts";
import type { App } from "../route.ts";
import { atlasesRoutes } from "./atlases.ts";
import { chatsRoutes } from "./chats.ts";
import { exportRoutes } from "./export.ts";
import { featuresRoutes } from "./features.ts";
import { generateRoutes } from "./generate.ts";
import { inspectRoutes } from "./inspect.ts";
import { jobsRoutes } from "./jobs.ts";
import { labelsRoutes } from "./labels.ts";
import { listsRoutes } from "./lists.ts";
import { modelsRoutes } from "./models.ts";
import { openaiRoutes } from "./openai.ts";
import { overlayRoutes } from "./overlay.ts";
import { promptRoutes } from "./prompt.ts";
import { runsRoutes } from "./runs.ts";
import { searchRoutes } from "./search.ts";
import { shelfRoutes } from "./shelf.ts";
import { statusRoutes } from "./status.ts";

/** Every noun of the interface: one file each, one line here. */
const nouns: readonly ((app: App, context: ServerContext) => void)[] = [
  statusRoutes,
  modelsRoutes,
  atlasesRoutes,
  featuresRoutes,
  exportRoutes,
  labelsRoutes,
  listsRoutes,
  overlayRoutes,
  searchRoutes,
  inspectRoutes,
  generateRoutes,
  promptRoutes,
  chatsRoutes,
  jobsRoutes,
  runsRoutes,
  shelfRoutes,
  openaiRoutes,
];

export function registerRoutes(app: App, context: ServerContext): void {
  for (const register of nouns) register(app, context);
}
