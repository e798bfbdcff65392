// A variant met by five people at once, without leaving its form.

import { Button, Paper, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMay } from "../../api/role";
import type { Study } from "../../api/studies";
import { trial } from "../../api/trials";
import { Loading } from "../../app/loading";
import { ProblemNotice } from "../../components/parts";
import { issuesOf } from "../../design/checks";
import { trialOf } from "../../design/edits";
import { answerText, words } from "../../format/format";
import { designing } from "../../text/designing";

export function Trial({ study, index }: { study: Study; index: number }) {
  const one = trialOf(study, index);
  const told = useQuery(trial(one));
  const may = useMay("researcher");
  return (
    <Paper className="question" component="section" aria-label={designing.trial}>
      <Button
        variant="default"
        size="compact-sm"
        disabled={!may || issuesOf(one).length > 0 || told.data !== undefined}
        loading={told.isFetching}
        onClick={() => void told.refetch()}
      >
        {designing.trial}
      </Button>
      <Text className="fine" mt={6}>
        {told.data ? designing.trialAgain : designing.trialNote}
      </Text>
      {told.isFetching ? <Loading /> : null}
      <ProblemNotice error={told.error} />
      {told.data ? (
        <>
          <ul className="trial">
            {told.data.people.map((person) => (
              <li key={person.agent_id}>
                <strong>{person.name}</strong> {person.response ?? told.data.reason}
                <p className="fine">
                  {Object.entries(person.answers ?? {})
                    .map(([name, answer]) => `${words(name)}: ${answerText(answer)}`)
                    .join(" · ")}
                </p>
              </li>
            ))}
          </ul>
          <Link to="/simulations/$id" params={{ id: told.data.id }}>
            {designing.trialOpen}
          </Link>
        </>
      ) : null}
    </Paper>
  );
}
