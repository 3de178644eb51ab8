// The HTTP API as outsiders see it: schemathesis sends what its OpenAPI allows and forbids, and a client whose types were generated
// from the same document does a person's errands. `node scripts/golden/api.mjs PYTHON-BIN-FOLDER [EXAMPLES]`; wants an atlas `first`.
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, existsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Not among the development dependencies: the generator wants another TypeScript than ours. */
const generator = ["openapi-typescript@7.13.0", "openapi-fetch@0.17.0", "typescript@5.9.3", "@types/node@24.19.2"];
const flags = ["--strict", "--target", "es2022", "--module", "nodenext", "--moduleResolution", "nodenext", "--types", "node"];
const root = fileURLToPath(new URL("../..", import.meta.url));
const { lexiscopeHome } = await import("@lexiscope/core");
const [bin, examples = "10"] = process.argv.slice(2);
const home = lexiscopeHome();
if (!bin || !existsSync(join(home, "atlases", "first"))) {
  console.error(bin ? "there is no atlas `first`: run `npm start` before" : "name the folder that holds schemathesis");
  process.exit(2);
}
const scratch = mkdtempSync(join(tmpdir(), "lexiscope-api-"));
const own = join(scratch, "home");
for (const shelf of ["models", "text"]) {
  mkdirSync(own, { recursive: true });
  if (existsSync(join(home, shelf))) symlinkSync(join(home, shelf), join(own, shelf));
}
cpSync(join(home, "atlases", "first"), join(own, "atlases", "first"), { recursive: true });

const server = spawn(process.execPath, [join(root, "lexiscope"), "serve", "--port", "0", "--json"], {
  env: { ...process.env, LEXISCOPE_HOME: own },
  stdio: ["ignore", "pipe", "inherit"],
});
let status = 1;
try {
  const url = await new Promise((resolve, reject) => {
    let said = "";
    server.once("exit", (code) => reject(new Error(`the server ended with ${code}: ${said}`)));
    server.stdout.setEncoding("utf8").on("data", (text) => {
      said += text;
      const serving = said.split("\n").find((line) => line.includes('"serving"'));
      if (serving) resolve(JSON.parse(serving).url);
    });
  });
  const run = (command, args, options = {}) => {
    const { status: code } = spawnSync(command, args, { stdio: ["ignore", "inherit", "inherit"], cwd: scratch, timeout: 1_800_000, ...options });
    return code ?? 1;
  };
  // Without links between operations, all of them; error answers and their shapes are checked too.
  const schemathesis = run(
    join(bin, "schemathesis"),
    [
      ...["run", `${url}/openapi.json`, "--max-examples", examples, "--request-timeout", "60", "--seed", "1", "--workers", "1"],
      ...["--phases", "examples,coverage,fuzzing", "--no-color"],
      ...["--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,negative_data_rejection"],
    ],
    { env: { ...process.env, SCHEMATHESIS_HOOKS: "api_hooks", PYTHONPATH: join(root, "scripts", "golden"), PYTHONDONTWRITEBYTECODE: "1" } },
  );
  writeFileSync(join(scratch, "package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(join(scratch, "openapi.json"), await (await fetch(`${url}/openapi.json`)).text());
  copyFileSync(join(root, "scripts", "golden", "api-errands.ts.txt"), join(scratch, "errands.ts"));
  const npm = join(dirname(process.execPath), "npm");
  const client = [
    [existsSync(npm) ? npm : "npm", "install", "--no-audit", "--no-fund", "--loglevel=error", ...generator],
    [process.execPath, "node_modules/openapi-typescript/bin/cli.js", "openapi.json", "-o", "schema.d.ts", "--default-non-nullable", "false"],
    [process.execPath, "node_modules/typescript/bin/tsc", ...flags, "errands.ts"],
    [process.execPath, "errands.js", url],
  ];
  const failed = client.find(([command, ...args]) => run(command, args) !== 0);
  if (failed) console.log(`FAILED: ${failed.slice(1, 3).join(" ")}`);
  status = schemathesis !== 0 || failed ? 1 : 0;
} finally {
  server.kill("SIGTERM");
  await new Promise((resolve) => (server.exitCode === null ? server.once("exit", resolve) : resolve(undefined)));
  await stopJobs(own);
  rmSync(scratch, { recursive: true, force: true });
}
process.exitCode = status;

/** Jobs outlive their server; those that were started here must not. */
async function stopJobs(at) {
  process.env.LEXISCOPE_HOME = at;
  const { listJobs, stopJob } = await import("@lexiscope/jobs");
  for (const { id, state } of await listJobs()) if (state === "running" || state === "queued") await stopJob(id, { graceMs: 2000 });
}
