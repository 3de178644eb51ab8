import type Database from "better-sqlite3";
import { LexiscopeError } from "@lexiscope/core";
import { z } from "zod";
import { columnTypes, type FeatureColumns } from "./columns.ts";
import { guarded } from "./database.ts";
import type { FeatureCandidate, FeatureRecord, FeatureSummary, TokenEffect } from "./types.ts";

const summaryColumns = `id AS "index", density, fired, maximum, mean, top_token AS topToken, effect, word, top_output AS topOutput`;
const effectsSchema = z.array(z.tuple([z.int(), z.string(), z.number()]));
const outputsSchema = z.object({ top: effectsSchema, bottom: effectsSchema });
const neighboursSchema = z.array(z.tuple([z.int(), z.number()]));
const tokensSchema = z.array(z.tuple([z.int(), z.string(), z.number(), z.int()]));
const coactiveSchema = z.array(z.tuple([z.int(), z.number(), z.int()]));
// SQLite holds in any column whatever was put there.
const [count, number, text] = [z.int().nonnegative(), z.number(), z.string()];
const summarySchema = z.object({
  index: count,
  density: number,
  fired: count,
  maximum: number,
  mean: number,
  topToken: text,
  effect: number,
  word: text,
  topOutput: text,
});
const rowSchema = summarySchema.extend({
  histogram: z.custom<Buffer>((value) => Buffer.isBuffer(value)),
  outputs: text,
  neighbours: text,
  coactive: text,
  tokens: text,
});
const texts: readonly string[] = ["topToken", "word", "topOutput"];
/** By hand, since there may be a million. */
const isCandidate = (row: unknown): boolean =>
  Object.entries(row as object).every(([name, value]) => typeof value === (texts.includes(name) ? "string" : "number"));

export type FeatureRow = Omit<FeatureRecord, "examples">;
export interface FeatureRows {
  summary(index: number): FeatureSummary;
  row(index: number): FeatureRow;
  /** [F] each, read whole. */
  columns(): FeatureColumns;
  tokenText(id: number): string | undefined;
  candidates(): FeatureCandidate[];
  /** [d] */
  mean(d: number): Float32Array;
}

/** The rows of an open feature database. `features` is what the manifest promises. */
export function featureRows(db: Database.Database, path: string, features: number): FeatureRows {
  const statements = guarded(path, () => ({
    // Every write was hashed: the last row tells of all, where counting would read through the table.
    count: db.prepare("SELECT coalesce(max(id), -1) + 1 FROM features").pluck(),
    summary: db.prepare(`SELECT ${summaryColumns} FROM features WHERE id = ?`),
    row: db.prepare(
      `SELECT ${summaryColumns}, histogram, outputs, neighbours, coactive, tokens FROM features JOIN details USING (id) WHERE id = ?`,
    ),
    column: db.prepare("SELECT value FROM columns WHERE name = ?").pluck(),
    token: db.prepare("SELECT text FROM tokens WHERE id = ?").pluck(),
    candidates: db.prepare(
      `SELECT ${summaryColumns}, consistency, examples, documents, word_share AS wordShare FROM features WHERE fired > 0 ORDER BY id`,
    ),
    mean: db.prepare("SELECT value FROM meta WHERE key = 'mean'"),
  }));
  const bad = (what: string): LexiscopeError =>
    new LexiscopeError("bad_file", `${path}: ${what}`, { file: path, hint: "the file is damaged; copy or build the atlas again" });
  const n = guarded(path, () => statements.count.get()) as number;
  if (n !== features) throw bad(`has ${n} features; the manifest says ${features}`);

  const require = (index: number, row: unknown): unknown => {
    if (!Number.isInteger(index) || index < 0 || index >= features)
      throw new LexiscopeError("not_found", `there is no feature ${index}: the atlas has 0 to ${features - 1}`, {
        field: "feature",
        hint: "find one with `lexiscope search WORD`",
      });
    if (row === undefined) throw bad(`feature ${index} is missing`);
    return row;
  };
  const json = <T>(index: number, column: string, text: string, schema: z.ZodType<T>): T => {
    try {
      return schema.parse(JSON.parse(text));
    } catch {
      throw bad(`feature ${index}: ${column} is damaged`);
    }
  };
  const checked = <T>(what: string, value: unknown, schema: z.ZodType<T>): T => {
    const result = schema.safeParse(value);
    if (!result.success) throw bad(`${what}: ${result.error.issues[0]?.path.join(".") ?? ""} is damaged`);
    return result.data;
  };
  // A damaged id would bind as null; the check of the range comes first in every path.
  const get = (statement: Database.Statement, index: number): unknown =>
    require(index, Number.isInteger(index) ? guarded(path, () => statement.get(index)) : undefined);

  const tokenTexts = new Map<number, string | undefined>();
  return {
    summary: (index): FeatureSummary => checked(`feature ${index}`, get(statements.summary, index), summarySchema),
    row: (index) => {
      const { histogram, outputs, neighbours, coactive, tokens, ...summary } = checked(
        `feature ${index}`,
        get(statements.row, index),
        rowSchema,
      );
      const counts = Array.from({ length: Math.floor(histogram.byteLength / 4) }, (_, i) => histogram.readUInt32LE(4 * i));
      const { top, bottom } = json(index, "outputs", outputs, outputsSchema);
      const effect = ([id, text, value]: [number, string, number]): TokenEffect => ({ id, text, value });
      return {
        ...summary,
        histogram: { counts, width: summary.maximum / counts.length },
        top: top.map(effect),
        bottom: bottom.map(effect),
        neighbours: json(index, "neighbours", neighbours, neighboursSchema).map(([other, cosine]) => ({ index: other, cosine })),
        tokens: json(index, "tokens", tokens, tokensSchema).map(([id, text, npmi, count]) => ({ id, text, npmi, count })),
        coactive: json(index, "coactive", coactive, coactiveSchema).map(([other, npmi, count]) => ({ index: other, npmi, count })),
      };
    },
    columns: () => {
      const column = <T extends keyof FeatureColumns>(name: T): FeatureColumns[T] => {
        const bytes = guarded(path, () => statements.column.get(name));
        const type = columnTypes[name];
        if (!Buffer.isBuffer(bytes) || bytes.byteLength !== features * type.BYTES_PER_ELEMENT) throw bad(`the column ${name} is damaged`);
        return new type(new Uint8Array(bytes).buffer) as FeatureColumns[T];
      };
      return {
        density: column("density"),
        fired: column("fired"),
        maximum: column("maximum"),
        effect: column("effect"),
        readability: column("readability"),
      };
    },
    tokenText: (id) => {
      if (!tokenTexts.has(id))
        tokenTexts.set(
          id,
          checked(
            `token ${id}`,
            guarded(path, () => statements.token.get(id)),
            text.optional(),
          ),
        );
      return tokenTexts.get(id);
    },
    candidates: () => {
      const rows = guarded(path, () => statements.candidates.all());
      if (!rows.every(isCandidate)) throw bad("a feature is damaged");
      return rows as FeatureCandidate[];
    },
    mean: (d) => {
      const row = guarded(path, () => statements.mean.get()) as { value?: unknown } | undefined;
      if (!Buffer.isBuffer(row?.value) || row.value.byteLength !== 4 * d) throw bad("the mean activation is missing");
      return new Float32Array(new Uint8Array(row.value).buffer);
    },
  };
}
