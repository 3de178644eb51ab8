import { type Environment, Interpreter } from "@huggingface/jinja";

/** What a template may spend on a conversation. A unit is about a character copied or an element looked at. */
export interface TemplateBudget {
  work: number;
  /** Characters of one text. */
  longest: number;
}

/** A node of the parsed template and a value at run time: what of the library's own classes is needed here. */
interface Node {
  readonly type: string;
  readonly [part: string]: unknown;
}
interface Value {
  readonly type: string;
  readonly value: unknown;
}

const Base = Interpreter as unknown as new (environment: Environment) => {
  evaluate(node: Node | undefined, environment: Environment): Value;
  run(program: unknown): Value;
};

/** Units of one step of evaluation, of a turn of a loop (its scope and its `loop`), of an element of a list. */
const stepCost = 16;
const turnCost = 64;
const elementCost = 4;
/** Comparisons that sorting makes of one element. */
const sortCost = 20;

/** A node that is evaluated already. */
class Held implements Node {
  readonly type = "Held";
  readonly value: Value;
  readonly [part: string]: unknown;
  constructor(value: Value) {
    this.value = value;
  }
}

/**
 * Jinja within bounds. A step that makes more than it is given (joining, indenting, replacing, writing JSON, adding up) is
 * weighed before it is done, and all steps together may cost no more than the budget: so time and memory are bounded
 * whatever a template says, and the same template is refused at the same step everywhere.
 */
export class MeteredInterpreter extends Base {
  #left: number;
  readonly #longest: number;
  readonly #shown: ReadonlySet<unknown>;

  constructor(environment: Environment, program: unknown, { work, longest }: TemplateBudget) {
    super(environment);
    this.#left = work;
    this.#longest = longest;
    this.#shown = statementsOf(program);
  }

  override evaluate(node: Node | undefined, environment: Environment): Value {
    if (node instanceof Held) return node.value;
    this.#spend(stepCost);
    const value = node ? this.#evaluate(node, environment) : super.evaluate(node, environment);
    if (value?.type === "StringValue") this.#fit(lengthOf(value));
    else if (this.#shown.has(node)) this.#weigh(value); // it is about to be written out
    return value;
  }

  #evaluate(node: Node, environment: Environment): Value {
    const go = (changed: Record<string, unknown>): Value => super.evaluate({ ...node, ...changed }, environment);
    const hold = (part: unknown): Held => new Held(this.evaluate(part as Node, environment));
    switch (node.type) {
      case "FilterExpression": {
        const operand = hold(node["operand"]);
        return this.#made(go({ operand, filter: this.#weighFilter(operand.value, node["filter"] as Node, hold) }));
      }
      case "FilterStatement": {
        const operand = hold({ type: "Program", body: node["body"] });
        return this.evaluate({ type: "FilterExpression", operand, filter: node["filter"] }, environment);
      }
      case "CallExpression":
        return this.#made(go(this.#weighCall(node, hold)));
      case "CallStatement": {
        const call = node["call"] as Node;
        return this.#made(go({ call: { ...call, ...this.#weighCall(call, hold) } }));
      }
      case "BinaryExpression": {
        const operator = (node["operator"] as { value: string }).value;
        if (operator === "and" || operator === "or") return super.evaluate(node, environment);
        const [left, right] = [hold(node["left"]), hold(node["right"])];
        this.#weighOperands(operator, left.value, right.value);
        return go({ left, right });
      }
      case "For": {
        const iterable = node["iterable"] as Node;
        const list = hold(iterable.type === "SelectExpression" ? iterable["lhs"] : iterable);
        this.#spend(turnCost * sizeOf(list.value));
        return go({ iterable: iterable.type === "SelectExpression" ? { ...iterable, lhs: list } : list });
      }
      case "MemberExpression": {
        const object = hold(node["object"]);
        const slice = (node["property"] as Node | undefined)?.type === "SliceExpression";
        if (slice) this.#spend(elementCost * sizeOf(object.value));
        const value = go({ object });
        // What a method makes is weighed with what it belongs to: it may not travel without it.
        if (value.type === "FunctionValue" && node["called"] !== true && object.value.type !== "NamespaceValue")
          throw new Error("a method can be called, but not kept");
        return value;
      }
      case "TestExpression": {
        const operand = hold(node["operand"]);
        this.#spend(lengthOf(operand.value));
        return go({ operand });
      }
      case "ArrayLiteral":
      case "TupleLiteral":
      case "ObjectLiteral":
        return this.#made(super.evaluate(node, environment));
      default:
        return super.evaluate(node, environment);
    }
  }

  #weighFilter(operand: Value, filter: Node, hold: (part: unknown) => Held): unknown {
    const call = filter.type === "CallExpression";
    const name = String((call ? (filter["callee"] as Node) : filter)["value"]);
    const { weight, nodes, depth } = this.#weigh(operand);
    if (["sort", "dictsort", "unique"].includes(name)) this.#spend(sortCost * weight);
    if (name === "tojson") this.#fit(6 * weight + 4 * nodes);
    if (!call) return filter;
    const { args, values, names } = this.#holdArguments(filter["args"] as Node[], hold, name.endsWith("attr"));
    const sizes = values.map((value) => this.#weigh(value).weight);
    const text = (at: number, key: string): Value | undefined => names.get(key) ?? values[at];
    if (isContainer(operand)) this.#spend(sizeOf(operand) * sizes.reduce((sum, size) => sum + size, 0));
    if (name === "join") this.#fit(weight + sizeOf(operand) * lengthOf(text(0, "separator")));
    if (name === "indent") this.#fit(weight + weight * numberOf(text(0, "width"), 4));
    if (name === "replace") this.#weighReplace(operand, values);
    if (name === "tojson")
      this.#fit(6 * weight + nodes * (4 + depth * numberOf(names.get("indent"), 0) + sizes.reduce((sum, size) => sum + size, 0)));
    return { ...filter, args };
  }

  #weighCall(call: Node, hold: (part: unknown) => Held): Record<string, unknown> {
    const { args, values } = this.#holdArguments(call["args"] as Node[], hold, false);
    for (const value of values) this.#weigh(value);
    const callee = call["callee"] as Node;
    if (callee.type !== "MemberExpression") return { args };
    const object = hold(callee["object"]);
    const property = callee["computed"] === true ? hold(callee["property"]) : (callee["property"] as Node);
    const name = String(property instanceof Held ? property.value.value : property["value"]);
    if (name === "replace") this.#weighReplace(object.value, values);
    else this.#spend((name === "dictsort" ? sortCost : 1) * sizeOf(object.value));
    return { args, callee: { ...callee, object, property, called: true } };
  }

  /** Arguments evaluated in Python's order: positional ones first. `literal`: the filter itself looks at its arguments' nodes. */
  #holdArguments(
    nodes: readonly Node[],
    hold: (part: unknown) => Held,
    literal: boolean,
  ): { args: unknown[]; values: Value[]; names: Map<string, Value> } {
    const args: unknown[] = nodes.slice();
    const values: Value[] = [];
    const names = new Map<string, Value>();
    const isNamed = (node: Node): boolean => node.type === "KeywordArgumentExpression" || node.type === "KeywordSpreadExpression";
    if (literal) return { args, values: nodes.map((node) => hold(node).value), names };
    for (const named of [false, true]) {
      for (const [i, node] of nodes.entries()) {
        if (isNamed(node) !== named) continue;
        if (node.type === "KeywordArgumentExpression") {
          const value = hold(node["value"]);
          args[i] = { ...node, value };
          names.set(String((node["key"] as Node)["value"]), value.value);
          if (!named) values.push(value.value);
        } else if (node.type === "SpreadExpression" || node.type === "KeywordSpreadExpression") {
          const argument = hold(node["argument"]);
          args[i] = { ...node, argument };
          for (const [key, value] of entriesOf(argument.value)) {
            if (named) names.set(key, value);
            else values.push(value);
          }
        } else {
          const value = hold(node);
          args[i] = value;
          values.push(value.value);
        }
      }
    }
    for (const value of names.values()) this.#weigh(value);
    return { args, values, names };
  }

  #weighReplace(operand: Value, [old, put]: readonly Value[]): void {
    const length = lengthOf(operand);
    this.#spend(length);
    this.#fit(length + (length / Math.max(1, lengthOf(old)) + 1) * lengthOf(put));
  }

  #weighOperands(operator: string, left: Value, right: Value): void {
    if (operator === "+" && left.type === "ArrayValue" && right.type === "ArrayValue")
      return this.#spend(elementCost * (sizeOf(left) + sizeOf(right)));
    const compares = operator === "==" || operator === "!=";
    if ((compares && isContainer(left) && isContainer(right)) || operator === "in" || operator === "not in")
      return this.#spend(sizeOf(left) + sizeOf(right));
    if (compares && !isContainer(left) && !isContainer(right)) return this.#spend(Math.min(sizeOf(left), sizeOf(right)));
    // A list beside a text becomes text, all of it.
    const weights = [left, right].map((value) => (isContainer(value) ? 6 * this.#weigh(value).weight : sizeOf(value)));
    this.#fit(weights.reduce((sum, weight) => sum + weight, 0));
  }

  /** Characters and elements in a value, all the way down, however often something occurs in it; its own cost is that much. */
  #weigh(root: Value): { weight: number; nodes: number; depth: number } {
    if (!isContainer(root)) {
      const weight = sizeOf(root);
      this.#spend(lengthOf(root));
      return { weight, nodes: 1, depth: 0 };
    }
    let [weight, nodes, depth] = [0, 0, 0];
    const stack: [Value, number][] = [[root, 1]];
    for (let top = stack.pop(); top; top = stack.pop()) {
      const [value, level] = top;
      const own = 1 + (isContainer(value) ? 0 : sizeOf(value));
      this.#spend(own + (isContainer(value) ? elementCost * sizeOf(value) : 0));
      weight += own;
      nodes++;
      depth = Math.max(depth, level);
      if (!isContainer(value)) continue;
      for (const [key, child] of entriesOf(value)) {
        weight += key.length;
        stack.push([child, level + 1]);
      }
    }
    return { weight, nodes, depth };
  }

  /** Pays for what a step made. */
  #made(value: Value): Value {
    if (value) this.#spend(isContainer(value) ? elementCost * sizeOf(value) : sizeOf(value));
    return value;
  }

  #spend(units: number): void {
    this.#left -= units;
    if (!(this.#left >= 0)) throw new Error("it does more than any conversation of this length needs");
  }

  #fit(length: number): void {
    if (!(length <= this.#longest)) throw new Error(`it makes a text of ${Math.round(length)} characters; ${this.#longest} are allowed`);
  }
}

function isContainer(value: Value | undefined): boolean {
  return Array.isArray(value?.value) || value?.value instanceof Map;
}

function sizeOf(value: Value | undefined): number {
  const inner = value?.value;
  return typeof inner === "string" || Array.isArray(inner) ? inner.length : inner instanceof Map ? inner.size : 1;
}

function lengthOf(value: Value | undefined): number {
  return typeof value?.value === "string" ? value.value.length : 0;
}

function numberOf(value: Value | undefined, otherwise: number): number {
  return typeof value?.value === "number" ? Math.abs(value.value) : otherwise;
}

function* entriesOf(value: Value): Generator<[string, Value]> {
  const inner = value.value;
  if (Array.isArray(inner)) for (const item of inner as Value[]) yield ["", item];
  else if (inner instanceof Map) yield* inner as Map<string, Value>;
}

/** Nodes whose values are written out: the members of every block of a program. */
function statementsOf(program: unknown): Set<unknown> {
  const found = new Set<unknown>();
  const stack: unknown[] = [program];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (typeof node !== "object" || node === null) continue;
    for (const [name, child] of Object.entries(node)) {
      if (["body", "alternate", "defaultBlock"].includes(name) && Array.isArray(child)) for (const statement of child) found.add(statement);
      stack.push(
        ...(Array.isArray(child) ? (child as unknown[]) : child instanceof Map ? [...child].flat() : [child]).filter(
          (part) => typeof part === "object" && part !== null,
        ),
      );
    }
  }
  return found;
}
