import { Resvg, type ResvgRenderOptions, renderAsync } from "@resvg/resvg-js";
import { LexiscopeError, throwIfAborted } from "@lexiscope/core";
import { createGate } from "../gate.ts";

const zoom = 2;
const options: ResvgRenderOptions = {
  fitTo: { mode: "zoom", value: zoom },
  // All fonts, though reading them takes as long as drawing: tokens are of any script.
  font: { loadSystemFonts: true, sansSerifFamily: "DejaVu Sans", monospaceFamily: "DejaVu Sans Mono" },
  logLevel: "off",
};

/** Drawing, and its reading of fonts, shares the few threads that read every file of the server. */
const draw = createGate(1, { waiting: 20, name: "pictures" });

let hasFonts: boolean | undefined;

/** Draws an SVG at 2×, off the main thread, one picture at a time, with the fonts of this system. Errors: `environment` where there is none, `busy` when too many wait. */
export async function toPng(svg: string, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  hasFonts ??= findsFont();
  if (!hasFonts) {
    hasFonts = undefined; // one may be installed meanwhile
    throw new LexiscopeError("environment", "no font was found on this system: a picture would have no text", {
      hint: "install one (Debian: apt-get install fonts-dejavu-core), or export as svg",
    });
  }
  return draw(async () => {
    throwIfAborted(signal);
    return Uint8Array.from((await renderAsync(svg, options, signal ?? null)).asPng());
  });
}

/** Without a font, text leaves no trace: its box is empty. */
function findsFont(): boolean {
  const probe = new Resvg('<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><text y="15">x</text></svg>', options);
  return (probe.getBBox()?.width ?? 0) > 0;
}
