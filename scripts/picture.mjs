#!/usr/bin/env node
// Draws what a command prints on a terminal as an SVG, for the README:
//   node scripts/picture.mjs docs/pictures/feature.svg ./lexiscope feature first/3290
// Needs `script` (util-linux) for a pseudo-terminal.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";

const columns = 118;
const maxLines = 46;
const cell = { width: 7.83, height: 17, size: 13, margin: 14 };
const paper = "#14161a";
const ink = "#d8dade";
const named = { 31: "#f07178", 32: "#a5d6a7", 33: "#ffcb6b", 36: "#80cbc4" };
/** The eight shades of `Colors.shade`, as the terminal's 256-colour palette has them. */
const palette = {
  16: "#000000",
  208: "#ff8700",
  214: "#ffaf00",
  215: "#ffaf5f",
  221: "#ffd75f",
  222: "#ffd787",
  228: "#ffff87",
  229: "#ffffaf",
  230: "#ffffd7",
};

const [target, ...command] = process.argv.slice(2);
if (!target || command.length === 0) {
  console.error("usage: node scripts/picture.mjs FILE.svg COMMAND [ARGUMENT …]");
  process.exit(2);
}
const quoted = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
const run = spawnSync("script", ["-qec", `stty cols ${columns} rows 60; exec ${quoted}`, "/dev/null"], {
  encoding: "utf8",
  env: { ...process.env, TERM: "xterm-256color" },
});
if (run.status !== 0) {
  console.error(run.stdout || run.stderr || String(run.error));
  process.exit(1);
}

/** Runs of one style per line, cut at the width. */
function styledLines(text) {
  let style = {};
  const lines = [];
  // oxlint-disable-next-line no-control-regex -- the terminal's own language
  for (const line of text
    .replaceAll("\r", "")
    .replace(/\x1b\[\??[0-9;]*[A-LN-Za-ln-z]/g, "")
    .split("\n")) {
    const runs = [];
    let at = 0;
    // oxlint-disable-next-line no-control-regex -- as above
    for (const part of line.split(/(\x1b\[[0-9;]*m)/)) {
      // oxlint-disable-next-line no-control-regex -- as above
      const code = /^\x1b\[([0-9;]*)m$/.exec(part);
      if (code) style = nextStyle(style, code[1].split(";").map(Number));
      else {
        const shown = Array.from(part)
          .slice(0, columns - at)
          .join("");
        if (shown) runs.push({ at, text: shown, ...style });
        at += Array.from(shown).length;
      }
    }
    lines.push(runs);
  }
  return lines;
}

function nextStyle(style, codes) {
  let next = { ...style };
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i];
    if (code === 0) next = {};
    else if (code === 1) next.bold = true;
    else if (code === 2) next.dim = true;
    else if (code === 22) next = { ...next, bold: false, dim: false };
    else if (code === 39) delete next.colour;
    else if (code === 49) delete next.back;
    else if (code in named) next.colour = named[code];
    else if ((code === 38 || code === 48) && codes[i + 1] === 5) {
      next[code === 38 ? "colour" : "back"] = palette[codes[i + 2]];
      i += 2;
    }
  }
  return next;
}

const escape = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const lines = [[{ at: 0, text: `$ ${command.join(" ")}`, dim: true }], ...styledLines(run.stdout.trimEnd())].slice(0, maxLines);
const width = Math.ceil(columns * cell.width + 2 * cell.margin);
const height = Math.ceil(lines.length * cell.height + 2 * cell.margin);
const parts = [];
for (const [row, runs] of lines.entries()) {
  const y = cell.margin + row * cell.height;
  for (const { at, text, bold, dim, colour, back } of runs) {
    const x = (cell.margin + at * cell.width).toFixed(1);
    const length = (Array.from(text).length * cell.width).toFixed(1);
    if (back) parts.push(`<rect x="${x}" y="${y + 1}" width="${length}" height="${cell.height - 2}" rx="2" fill="${back}"/>`);
    if (text.trim() === "") continue;
    const weight = bold ? ' font-weight="bold"' : "";
    parts.push(
      `<text x="${x}" y="${y + 13}" textLength="${length}" xml:space="preserve" fill="${colour ?? ink}"${dim ? ' opacity="0.6"' : ""}${weight}>${escape(text)}</text>`,
    );
  }
}
writeFileSync(
  target,
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace" font-size="${cell.size}"><rect width="100%" height="100%" rx="8" fill="${paper}"/>\n${parts.join("\n")}\n</svg>\n`,
);
console.log(`${target}: ${lines.length} lines`);
