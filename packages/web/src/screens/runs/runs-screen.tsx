import type { ReactElement } from "react";

export function RunsScreen({ job }: { job: string | undefined }): ReactElement {
  return <h1>runs</h1>;
}
