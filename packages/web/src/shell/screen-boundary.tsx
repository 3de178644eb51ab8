import { Component, type ReactElement, type ReactNode } from "react";
import { Failed } from "../parts/states.tsx";

interface Props {
  /** What is shown; when it changes, it is tried anew. */
  place: string;
  children: ReactNode;
}

interface State {
  place: string;
  error: Error | null;
}

/** Keeps the page standing when a screen cannot be loaded (the server is gone, or has a newer page) or fails while it is drawn. */
export class ScreenBoundary extends Component<Props, State> {
  override state: State = { place: this.props.place, error: null };

  static getDerivedStateFromError(error: unknown): Partial<State> {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  static getDerivedStateFromProps({ place }: Props, state: State): State | null {
    return place === state.place ? null : { place, error: null };
  }

  override render(): ReactNode {
    const { error } = this.state;
    return error === null ? this.props.children : <Broken error={error} />;
  }
}

function Broken({ error }: { error: Error }): ReactElement {
  const missing = /dynamically imported module|Importing a module script|Unable to preload/i.test(error.message);
  const says = missing
    ? {
        message: "Its files could not be fetched: the server does not answer, or has a newer version of this page.",
        hint: "Is `lexiscope serve` still running? Start it again and load the page anew.",
      }
    : { message: error.message, hint: "This is a fault of the page. Loading it anew may help." };
  return <Failed title="This screen could not be shown" error={says} retry={() => location.reload()} />;
}
