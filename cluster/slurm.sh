#!/usr/bin/env bash
# A run on Slurm, without Ray: a job array for each step, one after the other.
#
#   cluster/slurm.sh --config run.toml                        # on a login node; the rest goes to all commands
#   PARTITION=cpu TASKS=64 cluster/slurm.sh --config run.toml --root s3://BUCKET/runs/NAME
#
# It may be stopped and started again at any time: what is done is not done again.
set -euo pipefail

TEXTMILL=${TEXTMILL:-target/release/textmill}
UNTIL=${UNTIL:-tokenize}
TASKS=${TASKS:-32}         # array elements at a time
CORES=${CORES:-2}          # of each
MEMORY=${MEMORY:-4G}       # of each
LONGEST=${LONGEST:-1000}   # elements of an array: Slurm's MaxArraySize
SBATCH=(sbatch --wait --quiet --cpus-per-task "$CORES" --mem "$MEMORY" --requeue --output=slurm-%x-%A_%a.log)
[ -z "${PARTITION:-}" ] || SBATCH+=(--partition "$PARTITION")

# The next step, as stage, step, world and the ranks that are left.
next() {
  "$TEXTMILL" plan-tasks --until "$UNTIL" --json "$@" | jq -r '
    first(.[] | select(.state == "ready")) | .stage as $stage
    | first(.steps[] | select(.left != [])) | "\($stage) \(.step) \(.world) \(.left | map(tostring) | join(" "))"'
}

failures=0
while read -r stage step world ranks < <(next "$@") && [ -n "$stage" ]; do
  # An array has at most LONGEST elements: with more ranks each element has several.
  left=$(wc -w <<< "$ranks")
  each=$(( (left + LONGEST - 1) / LONGEST ))
  lists=$(mktemp -p . ".textmill-$stage-$step.XXXXXX")
  tr ' ' '\n' <<< "$ranks" | xargs -n "$each" | tr ' ' ',' > "$lists"
  elements=$(wc -l < "$lists")
  command="$TEXTMILL task $stage --quiet --step $step --world $world --set run.threads=$CORES"
  if ! "${SBATCH[@]}" --job-name "$stage-$step" --array "1-$elements%$TASKS" \
      --wrap "$command --rank \$(sed -n \${SLURM_ARRAY_TASK_ID}p $lists) $(printf '%q ' "$@")"; then
    failures=$((failures + 1))
    [ "$failures" -lt 3 ] || { echo "$stage $step has failed 3 times: see slurm-$stage-$step-*.log" >&2; exit 1; }
  else
    failures=0
  fi
  rm -f "$lists"
done
