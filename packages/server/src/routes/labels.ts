import { labelInputSchema, labelSchema, labelsSchema } from "@lexiscope/contract";
import type { ServerContext } from "../context.ts";
import { type App, atlasParams, defineRoute, featureParams, jsonBody, jsonResponse } from "../route.ts";

const tags = ["Labels"];

const put = defineRoute({
  method: "put",
  path: "/api/atlases/{atlas}/features/{feature}/label",
  tags,
  summary: "Name a feature, or note something about it; both empty removes the label",
  request: { params: featureParams, body: jsonBody(labelInputSchema) },
  responses: { 200: jsonResponse(labelSchema, "The label"), 204: { description: "There is no label any more" } },
});
const list = defineRoute({
  method: "get",
  path: "/api/atlases/{atlas}/labels",
  tags,
  summary: "People's own names and notes",
  request: { params: atlasParams },
  responses: { 200: jsonResponse(labelsSchema, "Labels by feature") },
});

export function labelsRoutes(app: App, { atlases }: ServerContext): void {
  app.openapi(put, (c) => {
    const { atlas: name, feature } = c.req.valid("param");
    return atlases.use(name, ({ atlas, overlay }) => {
      atlas.summary(feature); // there must be one
      const label = overlay.setLabel(feature, c.req.valid("json"));
      return label ? c.json(label, 200) : c.body(null, 204);
    });
  });
  app.openapi(list, (c) => atlases.use(c.req.valid("param").atlas, ({ overlay }) => c.json({ labels: overlay.labels() }, 200)));
}
