// Simulations held against people: baselines to hold them against, comparisons, and what all of those teach.

import { PageHead } from "../../components/parts";
import { text } from "../../text/text";
import { Baselines } from "./baselines";
import { Calibration } from "./calibration";
import { CompareForm, Comparisons } from "./comparisons";
import "../../app/moreStyles";
import "../populations/populations.css";
import "../results/results.css";
import "./validation.css";

export function ValidationPage() {
  return (
    <>
      <PageHead title={text.validation.title} lead={text.validation.lead} />
      <CompareForm />
      <Comparisons />
      <Baselines />
      <Calibration />
    </>
  );
}
