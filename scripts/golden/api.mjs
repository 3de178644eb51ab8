// The HTTP API as outsiders see it: schemathesis sends what its OpenAPI allows and forbids, and a Python client that was generated
// from the same document does a person's errands. `node scripts/golden/api.mjs PYTHON-BIN-FOLDER [EXAMPLES]`; wants an atlas `first`.
import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, existsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { lexiscopeHome } = await import("@lexiscope/core");
const [bin, examples = "40"] = process.argv.slice(2);
const home = lexiscopeHome();
if (!bin || !existsSync(join(home, "atlases", "first"))) {
  console.error(bin ? "there is no atlas `first`: run `npm start` before" : "name the folder that holds schemathesis and openapi-python-client");
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
  const python = join(bin, "python");
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
  writeFileSync(join(scratch, "openapi.json"), await (await fetch(`${url}/openapi.json`)).text());
  const generate = run(join(bin, "openapi-python-client"), ["generate", "--path", join(scratch, "openapi.json"), "--meta", "none", "--output-path", join(scratch, "lexiscope_client")]);
  const errands = generate === 0 ? run(python, [join(root, "scripts", "golden", "api_client.py"), url], { env: { ...process.env, PYTHONPATH: scratch } }) : generate;
  status = Math.max(schemathesis, generate, errands);
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
