// Decides requests as IAM would: a JSON list of them on the standard input, a list of decisions on
// the standard output. What is asked is all in the input; tests/org/evaluator.py asks.

import { anonymousPrincipal, runSimulation } from "@cloud-copilot/iam-simulate";
import { text } from "node:stream/consumers";

const everything = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }],
};
const requests = JSON.parse(await text(process.stdin));
process.stdout.write(JSON.stringify(await Promise.all(requests.map(decide))));

// A request without a principal is one that nobody has signed. A guard is a service control policy beside
// the one that allows everything, which AWS attaches to each account.
async function decide({ principal, action, resource, account, context, identity, policy, guard }) {
  const answer = await runSimulation(
    {
      request: {
        principal: principal ?? anonymousPrincipal,
        action,
        resource: { resource, accountId: account },
        contextVariables: context,
      },
      identityPolicies: identity ? [{ name: "identity", policy: identity }] : [],
      serviceControlPolicies: guard
        ? [
            {
              orgIdentifier: "account",
              policies: [everything, guard].map((policy, index) => ({ name: `${index}`, policy })),
            },
          ]
        : [],
      resourceControlPolicies: [],
      resourcePolicy: policy ?? undefined,
    },
    {},
  );
  if (answer.resultType === "error" || answer.result.ignoredContextKeys.length > 0) {
    throw new Error(JSON.stringify(answer));
  }
  return answer.overallResult;
}
