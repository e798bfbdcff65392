// What can be done with a simulation from its page: pause it, let it go on, end it.

import { Button, Group, Modal, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, ask, type Schema } from "../../api/client";
import { useMay } from "../../api/role";
import { Icon } from "../../components/icons";
import { ProblemNotice } from "../../components/parts";
import { isOver } from "../../live/run";
import { text } from "../../text/text";

type Act = "pause" | "resume" | "cancel";

export function Actions({ status, state }: { status: Schema["SimulationView"]; state: string }) {
  const may = useMay("researcher");
  const [isAsking, { open, close }] = useDisclosure();
  const client = useQueryClient();
  const params = { params: { path: { simulation_id: status.simulation_id } } };
  const act = useMutation({
    mutationFn: (wanted: Act) => {
      if (wanted === "pause") return ask(api.POST("/simulations/{simulation_id}/pause", params));
      if (wanted === "resume") return ask(api.POST("/simulations/{simulation_id}/resume", params));
      return ask(api.POST("/simulations/{simulation_id}/cancel", params));
    },
    onSuccess: () => {
      close();
      return client.invalidateQueries({ queryKey: ["simulation", status.simulation_id] });
    },
  });
  if (isOver(state) || !may) return null;
  const first: Act = state === "paused" ? "resume" : "pause";
  return (
    <>
      {state === "running" || state === "paused" ? (
        <Button
          variant="default"
          leftSection={<Icon name={first === "resume" ? "play" : "pause"} size={15} />}
          loading={act.isPending && act.variables === first}
          onClick={() => act.mutate(first)}
        >
          {text.actions[first]}
        </Button>
      ) : null}
      <Button variant="default" onClick={open}>
        {text.actions.end}
      </Button>
      {isAsking ? null : <ProblemNotice error={act.error} />}
      <Modal
        opened={isAsking}
        onClose={close}
        title={text.actions.endTitle}
        closeButtonProps={{ "aria-label": text.actions.keep }}
      >
        <Text size="sm">{text.actions.endText}</Text>
        <ProblemNotice error={act.error} />
        <Group mt="md" justify="flex-end">
          <Button variant="default" onClick={close}>
            {text.actions.keep}
          </Button>
          <Button color="red" loading={act.isPending} onClick={() => act.mutate("cancel")}>
            {text.actions.end}
          </Button>
        </Group>
      </Modal>
    </>
  );
}
