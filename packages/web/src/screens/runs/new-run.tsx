import { useState, type FormEvent, type ReactElement } from "react";
import { useLocation } from "wouter";
import { ApiError } from "../../api/client.ts";
import { CopyButton } from "../../parts/copy-button.tsx";
import { Segments } from "../../parts/segments.tsx";
import { FieldInput } from "./field-input.tsx";
import { useShelf, useStartJob } from "./runs-api.ts";
import { fieldsOf, formCommand, forms, readForm, type Field, type FormValues, type Kind } from "./start-form.ts";
import "./new-run.css";

const kinds = (Object.keys(forms) as Kind[]).map((kind) => [kind, forms[kind].title] as const);

/** Starts a run from a form; the command that would do the same is written along. */
export function NewRun({ kind, given, onKind }: { kind: Kind; given: URLSearchParams; onKind: (kind: Kind) => void }): ReactElement {
  const { says } = forms[kind];
  return (
    <section className="new-run" aria-label="New run">
      <Segments label="Kind of run" choices={kinds} value={kind} onChange={onKind} />
      <p className="quiet">{says}</p>
      <Form key={kind} kind={kind} given={given} />
    </section>
  );
}

function Form({ kind, given }: { kind: Kind; given: URLSearchParams }): ReactElement {
  const { fields } = forms[kind];
  const shelf = useShelf();
  const start = useStartJob();
  const [, navigate] = useLocation();
  const [values, setValues] = useState<FormValues>(() => Object.fromEntries(fields.map(({ name }) => [name, given.get(name) ?? ""])));
  const [tried, setTried] = useState(false);
  const shelves = {
    store: (shelf.data?.items ?? []).filter(({ kind, complete }) => kind === "store" && complete),
    dictionary: (shelf.data?.items ?? []).filter(({ kind, complete }) => kind === "dictionary" && complete),
  };
  // Where there is one to choose from, it is chosen.
  const filled: FormValues = Object.fromEntries(
    fields.map(({ name, type, required }) => {
      const only = required && (type === "store" || type === "dictionary") ? shelves[type][0]?.name : undefined;
      return [name, values[name] !== "" ? (values[name] ?? "") : (only ?? "")];
    }),
  );
  const asked = fieldsOf(kind, filled);
  const { job, problems } = readForm(kind, filled);
  const refused = start.error instanceof ApiError ? start.error : undefined;
  const problemOf = ({ name, type }: Field): string | undefined => {
    const own = problems[name];
    const half = filled[name] !== "" || tried;
    if (own !== undefined) return half ? (shelves[type as "store"]?.length === 0 ? "there is none yet" : own) : undefined;
    return refused?.field !== undefined && fieldOf(refused.field) === name ? refused.message : undefined;
  };
  const unplaced = start.error && !asked.some(({ name }) => refused?.field !== undefined && fieldOf(refused.field) === name);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (Object.keys(problems).length > 0) return;
    start.mutate(job, { onSuccess: ({ id }) => navigate(`/runs/${encodeURIComponent(id)}`) });
  };
  const draw = (field: Field): ReactElement => (
    <FieldInput
      key={field.name}
      field={field}
      value={filled[field.name] ?? ""}
      onChange={(value) => setValues({ ...values, [field.name]: value })}
      problem={problemOf(field)}
      items={field.type === "store" || field.type === "dictionary" ? shelves[field.type] : []}
    />
  );
  const more = asked.filter((field) => field.more);
  const command = formCommand(kind, filled);
  return (
    <form onSubmit={submit} noValidate>
      <div className="run-fields">{asked.filter((field) => !field.more).map(draw)}</div>
      {more.length > 0 && (
        <details>
          <summary>More</summary>
          <div className="run-fields">{more.map(draw)}</div>
        </details>
      )}
      <div className="run-command">
        <code>{command}</code>
        <CopyButton text={command}>Copy</CopyButton>
      </div>
      {unplaced && (
        <p className="run-problem" role="alert">
          {start.error.message}
          {refused?.hint !== undefined && ` (${refused.hint})`}
        </p>
      )}
      <button type="submit" className="primary" disabled={start.isPending}>
        {start.isPending ? "Starting …" : "Start"}
      </button>
    </form>
  );
}

/** The form's field that a server's or a command's name for it means. */
function fieldOf(name: string): string {
  const bare = name.replace(/^--/, "").split(/[.[]/)[0] ?? name;
  return { lr: "learningRate", site: "sites", atlas: "out" }[bare] ?? bare;
}
