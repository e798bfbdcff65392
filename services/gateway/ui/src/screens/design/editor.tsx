// The form of the node that is chosen.

import type { Study } from "../../api/studies";
import { indexOf, kindOf, type NodeId } from "../../design/graph";
import { AnalysisEditor } from "./analysisEditor";
import { InterventionEditor } from "./interventionEditor";
import { PopulationEditor, TemplateEditor } from "./populationEditor";
import { RequestEditor } from "./requestEditor";
import { SegmentEditor } from "./segmentEditor";
import { VariantEditor } from "./variantEditor";

export function Editor({ study, node }: { study: Study; node: NodeId }) {
  switch (kindOf(node)) {
    case "template":
      return <TemplateEditor study={study} />;
    case "population":
      return <PopulationEditor study={study} />;
    case "segment":
      return <SegmentEditor study={study} index={indexOf(node)} />;
    case "intervention":
      return <InterventionEditor study={study} />;
    case "variant":
      return <VariantEditor study={study} index={indexOf(node)} />;
    case "request":
      return <RequestEditor study={study} index={indexOf(node)} />;
    case "analysis":
      return <AnalysisEditor study={study} />;
  }
}
