/** A model on a hub, as a person names it. */
export interface HubRef {
  /** `org/name`; a bare `name` is looked for in the cache only. */
  repo: string;
  /** Branch, tag or commit; `main` when none is named. */
  revision: string | undefined;
  /** Path of one GGUF file in the repository. */
  file: string | undefined;
  /** The end of a GGUF file's name, such as Q8_0. */
  quant: string | undefined;
}

const segment = "[A-Za-z0-9_][\\w.-]*";
const pattern = new RegExp(`^(${segment}(?:/${segment})?)((?:/[^/\\\\@:\\0]+)+\\.gguf)?(?:@([\\w./-]+))?(?::(${segment}))?$`, "i");
const maxLength = 512;

/** Reads `org/name`, `org/name@revision`, `org/name/file.gguf`, `org/name:Q8_0` and their mixtures; undefined for anything else. */
export function parseHubRef(ref: string): HubRef | undefined {
  const match = ref.length > maxLength ? null : pattern.exec(ref);
  const [, repo, file, revision, quant] = match ?? [];
  if (repo === undefined || /\.gguf$/i.test(repo) || repo.includes("--") || (file !== undefined && quant !== undefined)) return undefined;
  if (![repo, file?.slice(1), revision].every((path) => path === undefined || isPlainPath(path))) return undefined;
  return { repo, revision, file: file?.slice(1), quant };
}

/** A path with `/` that stays inside the folder that it is relative to, on every system. */
export function isPlainPath(path: string): boolean {
  return (
    path.length <= 1024 &&
    // oxlint-disable-next-line no-control-regex -- control characters are what is refused
    !/[\\:\u0000-\u001f]/.test(path) &&
    path.split("/").every((part) => part !== "" && part !== "." && part !== ".." && part.length <= 255)
  );
}
