import type { Context } from "hono";
import { methodNotAllowed } from "hono/method-not-allowed";
import type { ServerContext } from "./context.ts";
import { openapiDocument } from "./openapi.ts";
import { packAnswers } from "./pack-answers.ts";
import { failureResponse, RefusedError } from "./problem.ts";
import { type App, createRouter } from "./route.ts";
import { registerRoutes } from "./routes/index.ts";
import { bodyLimits } from "./security/body-limits.ts";
import { checkHost } from "./security/host.ts";
import { checkOrigin } from "./security/origin.ts";
import { responseHeaders } from "./security/headers.ts";
import { signIn } from "./security/sign-in.ts";
import { requestLog } from "./request-log.ts";
import { createPage } from "./static/page.ts";

/** The whole server as a function from request to response; `serve` puts it on a port. */
export function createApp(context: ServerContext): App {
  const app = createRouter();
  app.onError((error, c) => failureResponse(c, error, context.logger));
  const page = createPage(context.options.webRoot);
  app.notFound(async (c) => (await page(c)) ?? failureResponse(c, nothingAt(c), context.logger));
  app.use(requestLog(context.logger), responseHeaders(), checkHost(context.options), checkOrigin());
  signIn(app, context);
  // Outside of what puts another answer in the place of the first: its encoding would stay behind.
  const pack = packAnswers();
  app.use("/api/*", pack);
  app.use("/openapi.json", pack);
  app.use(methodNotAllowed({ app, onMethodNotAllowed: (c, methods) => failureResponse(c, wrongMethod(c, methods), context.logger) }));
  app.use(bodyLimits());
  registerRoutes(app, context);
  const document = openapiDocument(app);
  app.get("/openapi.json", (c) => c.json(document));
  return app;
}

function nothingAt({ req: { method, path } }: Context): RefusedError {
  return new RefusedError(404, "not_found", `there is nothing at ${method} ${path.slice(0, 200)}`, "GET /openapi.json lists every address");
}

function wrongMethod(c: Context, methods: readonly string[]): RefusedError {
  c.header("allow", methods.join(", "));
  return new RefusedError(405, "invalid_input", `${c.req.method} is not for this address`, `it takes ${methods.join(", ")}`);
}
