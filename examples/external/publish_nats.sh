#!/bin/sh
# Have an intervention designed from outside, over NATS with the nats command: publish_nats.sh CREDENTIALS POPULATION
# CREDENTIALS is the file that `rehearsal up --external NAME` writes. Prints JetStream's acknowledgement.
# Its tests run it with a stand-in that takes the same arguments (tests/support/nats_command.py) where `nats` is not installed;
# it was held against the source of natscli, and was never run with that program itself.
set -eu
field() { sed -n "s/^ *\"$1\": \"\(.*\)\",*$/\1/p" "$credentials"; }
credentials="$1"
population="$2"
id="$(cat /proc/sys/kernel/random/uuid 2>/dev/null || uuidgen)"
tenant="$(field tenant)"

nats --server "$(field url)" --user "$(field user)" --password "$(field password)" \
  request "rehearsal.evt.$tenant.gateway.intervention-requested.v1.$id" \
  --header "Nats-Msg-Id:$id" --header "ce-specversion:1.0" --header "ce-id:$id" --header "ce-source:/$(field user)" \
  --header "ce-type:rehearsal.gateway.intervention-requested.v1" \
  --header "ce-time:$(date -u +%Y-%m-%dT%H:%M:%SZ)" --header "ce-tenant:$tenant" \
  "{\"request_id\": \"$id\", \"action\": \"create\", \"intervention\": {
      \"name\": \"Subject line\", \"type\": \"marketing_intervention\", \"success_metrics\": [\"open_rate\"],
      \"population_id\": \"$population\",
      \"variants\": [{\"name\": \"short\", \"content\": \"Half price today\"},
                     {\"name\": \"long\", \"content\": \"Our autumn offers, chosen for you\"}]}}"
