import open from "open";

/** Whether a person sits at a screen of this machine: a browser opened elsewhere helps nobody. */
function onDesktop(env: NodeJS.ProcessEnv): boolean {
  if (!process.stdout.isTTY || env["CI"] || env["SSH_CONNECTION"] || env["SSH_TTY"]) return false;
  return process.platform === "linux" ? Boolean(env["DISPLAY"] ?? env["WAYLAND_DISPLAY"]) : true;
}

/** Opens the page in the person's browser; false where there is none to see it. */
export async function openBrowser(url: string, env: NodeJS.ProcessEnv = process.env): Promise<boolean> {
  if (!onDesktop(env)) return false;
  try {
    const child = await open(url);
    child.on("error", () => undefined); // the address is printed all the same
    return true;
  } catch {
    return false;
  }
}
