import { readdir } from "node:fs/promises";
import { get } from "node:http";

export interface Chunk {
  name: string;
  gzip: number;
  /** Drawn curves and pictures: fetched by the screens that have them, when they have them. */
  chart: boolean;
}

/** Every built file of the page as the server sends it to a browser, the largest first. */
export async function chunks(server: string, built: string): Promise<Chunk[]> {
  const names = ["index.html", ...(await readdir(`${built}/assets`)).map((name) => `assets/${name}`)];
  const sized = await Promise.all(
    names.map(async (name) => ({
      name: name.replace(/^assets\//, ""),
      gzip: await transferred(`${server}/${name === "index.html" ? "" : name}`),
      chart: /chart|plot/.test(name),
    })),
  );
  return sized.toSorted((a, b) => b.gzip - a.gzip);
}

/** Bytes of the body on the wire. */
function transferred(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false, headers: { "accept-encoding": "gzip", accept: "text/html,*/*" } }, (response) => {
      let bytes = 0;
      response.on("data", (part: Buffer) => (bytes += part.length));
      response.on("end", () => (response.statusCode === 200 ? resolve(bytes) : reject(new Error(`${url}: ${response.statusCode}`))));
    }).on("error", reject);
  });
}
