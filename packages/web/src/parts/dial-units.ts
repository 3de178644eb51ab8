import type { Edit } from "@lexiscope/contract";

/** An edit as a dial holds it. */
export interface Dialed {
  edit: Edit;
  /** Kept, but not applied. */
  muted: boolean;
}

/** What strengths are measured in; null while it is not known. */
export interface Scales {
  /** Maximum of a_i in the atlas. */
  maximum: number | null;
  /** Median residual norm at the site. */
  medianNorm: number | null;
}

export interface Range {
  min: number;
  max: number;
  step: number;
  /** Values that mean something by themselves. */
  marks: number[];
}

type Op = Edit["op"];
type Unit = Edit["unit"];

/** What each operation's slider spans, in the unit that suits it best. */
const natural = {
  clamp: { unit: "max", min: -2, max: 10, marks: [0, 1] },
  add: { unit: "norm", min: -1, max: 1, marks: [0] },
  scale: { unit: "activation", min: 0, max: 5, marks: [0, 1] },
} as const satisfies Record<Exclude<Op, "ablate">, { unit: Unit; min: number; max: number; marks: number[] }>;

const defaults: Record<Op, Pick<Edit, "value" | "unit">> = {
  clamp: { value: 1.5, unit: "max" },
  add: { value: 0.3, unit: "norm" },
  scale: { value: 2, unit: "activation" },
  ablate: { value: 0, unit: "activation" },
};

/** What a feature is turned up by first: somewhat above its maximum, where most begin to show in an answer, or, where it never fired and has none, along its direction. */
export function newDial(feature: number, maximum?: number): Dialed {
  const op = maximum === 0 ? "add" : "clamp";
  return { edit: { op, feature, ...defaults[op], positions: "all" }, muted: false };
}

/** Whether the edit is measured by a maximum that the feature does not have. */
export function lacksMaximum({ op, unit }: Pick<Edit, "op" | "unit">, { maximum }: Pick<Scales, "maximum">): boolean {
  return maximum === 0 && unit === "max" && (op === "clamp" || op === "add");
}

/** The edit under another operation: strengths that mean something else start at that operation's default. */
export function withOp(edit: Edit, op: Op): Edit {
  return op === edit.op ? edit : { ...edit, op, ...defaults[op] };
}

/** The edit in another unit, of the same strength where both units are known. */
export function withUnit(edit: Edit, unit: Unit, scales: Scales): Edit {
  const value = convert(edit.value, edit.unit, unit, scales);
  return { ...edit, unit, value: value === null ? edit.value : round(value, 3) };
}

/** v in units of a_i: `max` × maximum, `norm` × median norm. Null when the measure is not known. */
export function toActivation(value: number, unit: Unit, { maximum, medianNorm }: Scales): number | null {
  const size = unit === "max" ? maximum : unit === "norm" ? medianNorm : 1;
  return size === null ? null : value * size;
}

export function convert(value: number, from: Unit, to: Unit, scales: Scales): number | null {
  if (from === to) return value;
  const activation = toActivation(value, from, scales);
  const size = toActivation(1, to, scales);
  return activation === null || size === null || size === 0 ? null : activation / size;
}

/** What the slider spans in the edit's unit; null for `ablate`, which has no strength. */
export function sliderRange({ op, unit }: Pick<Edit, "op" | "unit">, scales: Scales): Range | null {
  if (op === "ablate") return null;
  const { unit: own, min, max, marks } = natural[op];
  const factor = op === "scale" ? 1 : (convert(1, own, unit, scales) ?? 1);
  const low = round(min * factor, 2);
  const high = round(max * factor, 2);
  // Marks are kept where they mean the same in this unit: 1 × its maximum is a mark in activation units, too.
  return { min: low, max: high, step: stepFor(high - low), marks: marks.map((mark) => round(mark * factor, 3)) };
}

/** About two hundred steps, each 1, 2 or 5 of a power of ten. */
function stepFor(span: number): number {
  const rough = span / 200;
  const power = 10 ** Math.floor(Math.log10(rough));
  const digit = rough / power;
  return Number(((digit <= 1.5 ? 1 : digit <= 3.5 ? 2 : 5) * power).toPrecision(1));
}

/** The strength in every other unit that is known, most telling first. */
export function otherUnits({ op, value, unit }: Edit, scales: Scales): { unit: Unit; value: number }[] {
  if (op === "ablate" || op === "scale") return [];
  return (["max", "norm", "activation"] as const).flatMap((other) => {
    const converted = other === unit ? null : convert(value, unit, other, scales);
    return converted === null ? [] : [{ unit: other, value: converted }];
  });
}

/** The edits in force: what is muted is left out. */
export function inForce(dials: readonly Dialed[]): Edit[] {
  return dials.filter(({ muted }) => !muted).map(({ edit }) => edit);
}

function round(value: number, digits: number): number {
  return Number(value.toPrecision(digits));
}
