// What can be done with a simulation from its page.

import { Button, Group, Modal, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, ask, type Schema } from "../../api/client";
import { ProblemNotice } from "../../components/parts";
import { isOver } from "../../live/run";
import { text } from "../../text/text";

export function Actions({ status, state }: { status: Schema["SimulationView"]; state: string }) {
  const [isAsking, { open, close }] = useDisclosure();
  const client = useQueryClient();
  const end = useMutation({
    mutationFn: () =>
      ask(
        api.DELETE("/simulations/{simulation_id}/end", { params: { path: { simulation_id: status.simulation_id } } }),
      ),
    onSuccess: () => {
      close();
      return client.invalidateQueries({ queryKey: ["simulation", status.simulation_id] });
    },
  });
  if (isOver(state)) return null;
  return (
    <>
      <Button variant="default" color="red" onClick={open}>
        {text.actions.end}
      </Button>
      <Modal
        opened={isAsking}
        onClose={close}
        title={text.actions.endTitle}
        closeButtonProps={{ "aria-label": text.actions.keep }}
      >
        <Text size="sm">{text.actions.endText}</Text>
        <ProblemNotice error={end.error} />
        <Group mt="md" justify="flex-end">
          <Button variant="default" onClick={close}>
            {text.actions.keep}
          </Button>
          <Button color="red" loading={end.isPending} onClick={() => end.mutate()}>
            {text.actions.end}
          </Button>
        </Group>
      </Modal>
    </>
  );
}
