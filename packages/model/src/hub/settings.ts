import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { LexiscopeError } from "@lexiscope/core";

/** Which hub is asked, and as whom. */
export interface Hub {
  /** Without a slash at its end. */
  endpoint: string;
  token: string | undefined;
}

/** `HF_ENDPOINT`; the token from `HF_TOKEN` or the file that `hf auth login` writes. The variables are those of Hugging Face's own tools. */
export async function hubSettings(env: NodeJS.ProcessEnv = process.env): Promise<Hub> {
  return { endpoint: endpointIn(env), token: await tokenIn(env) };
}

/** The variable that forbids the network, if one is set; `HF_HUB_OFFLINE` and `TRANSFORMERS_OFFLINE` concern the hub only. */
export function offlineVariable(env: NodeJS.ProcessEnv = process.env): string | undefined {
  return ["LEXISCOPE_OFFLINE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"].find((name) => /^(1|on|yes|true)$/i.test(env[name] ?? ""));
}

function endpointIn(env: NodeJS.ProcessEnv): string {
  const given = env["HF_ENDPOINT"] || "https://huggingface.co";
  const url = URL.parse(given);
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
    throw new LexiscopeError("invalid_input", "HF_ENDPOINT is no address of a hub", {
      field: "HF_ENDPOINT",
      hint: "set it to something like https://huggingface.co, without a name, password or query, or unset it",
    });
  return url.href.replace(/\/+$/, "");
}

async function tokenIn(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const named = ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"].find((name) => env[name]?.trim());
  const file = env["HF_TOKEN_PATH"] || join(hubHome(env), "token");
  const token = (named === undefined ? await readFile(file, "utf8").catch(() => "") : (env[named] ?? "")).trim();
  if (token === "") return undefined;
  if (!/^[\x21-\x7e]{1,4096}$/.test(token))
    throw new LexiscopeError("invalid_input", `the token in ${named ?? file} is no token: it has characters that a token cannot have`, {
      field: named ?? "HF_TOKEN_PATH",
      hint: "copy the token again from the hub's settings, or remove it if the model is public",
    });
  return token;
}

/** The folder of Hugging Face's own tools. */
export function hubHome(env: NodeJS.ProcessEnv): string {
  return env["HF_HOME"] || join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "huggingface");
}
