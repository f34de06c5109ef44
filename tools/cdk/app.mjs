// Synthesises with the AWS CDK the template of the golden case tests/cases/cdk, and the assembly that
// tests/cli/test_cdk.py checks: the same bytes each time. Needs Node.js 20 or later, as nothing that
// `make test` runs does.
//
//     make cdk        or, in this folder:        npm ci && node app.mjs
//
// When the template changes, so may what the macro makes of it: look at tests/cases/cdk/expected.yaml.

import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { App, DefaultStackSynthesizer, Stack } from "aws-cdk-lib";
import * as lambda from "aws-cdk-lib/aws-lambda";
import * as lex from "aws-cdk-lib/aws-lex";
import { stringify } from "yaml";

const MACRO = "AutoLexPermissions";
const TARGET = fileURLToPath(new URL("../../tests/cases/cdk/template.yaml", import.meta.url));
const ASSEMBLY = fileURLToPath(new URL("../../tests/cli/assembly", import.meta.url));
const FIRST_LINE =
  "# 1.1, 2.1, 2.2, 5.1, 5.2: a stack as aws-cdk-lib synthesises it, with settings in its metadata.";

/** One locale of a bot alias, with its code hook. */
function locale(localeId, functionArn) {
  return {
    localeId,
    botAliasLocaleSetting: {
      enabled: true,
      codeHookSpecification: {
        lambdaCodeHook: { codeHookInterfaceVersion: "1.0", lambdaArn: functionArn },
      },
    },
  };
}

/** The locale of a bot, with no intent but the one that Lex asks for. */
function botLocale(localeId) {
  return {
    localeId,
    nluConfidenceThreshold: 0.4,
    intents: [
      {
        name: "FallbackIntent",
        parentIntentSignature: "AMAZON.FallbackIntent",
        dialogCodeHook: { enabled: true },
      },
    ],
  };
}

/** A bot whose aliases call a Lambda function, its alias, and a function of another account. */
class OrdersStack extends Stack {
  constructor(scope, id, props) {
    super(scope, id, props);

    // The line that this is about. It takes no parameters: settings stand in the metadata.
    if (props.byMacro) {
      this.addTransform(MACRO);
    }
    this.templateOptions.metadata = { [MACRO]: { SourceScope: "Bot" } };

    const orders = new lambda.Function(this, "Orders", {
      runtime: lambda.Runtime.PYTHON_3_13,
      handler: "index.handler",
      code: lambda.Code.fromInline("def handler(event, context):\n    return event\n"),
    });
    const live = new lambda.Alias(this, "OrdersLive", {
      aliasName: "live",
      version: orders.currentVersion,
    });
    const partners = lambda.Function.fromFunctionArn(
      this,
      "Partners",
      "arn:aws:lambda:us-east-1:210987654321:function:partners",
    );

    const bot = new lex.CfnBot(this, "Bot", {
      name: "orders",
      roleArn: "arn:aws:iam::123456789012:role/orders-bot",
      dataPrivacy: { ChildDirected: false },
      idleSessionTtlInSeconds: 300,
      autoBuildBotLocales: true,
      botLocales: [botLocale("en_US"), botLocale("ja_JP")],
      testBotAliasSettings: { botAliasLocaleSettings: [locale("en_US", orders.functionArn)] },
    });
    const version = new lex.CfnBotVersion(this, "BotVersion", {
      botId: bot.attrId,
      botVersionLocaleSpecification: ["en_US", "ja_JP"].map((localeId) => ({
        localeId,
        botVersionLocaleDetails: { sourceBotVersion: "DRAFT" },
      })),
    });
    const botVersion = version.attrBotVersion;
    new lex.CfnBotAlias(this, "LiveAlias", {
      botId: bot.attrId,
      botAliasName: "live",
      botVersion,
      botAliasLocaleSettings: [locale("en_US", live.functionArn), locale("ja_JP", live.functionArn)],
    });
    // The partners grant it themselves.
    const partnersAlias = new lex.CfnBotAlias(this, "PartnersAlias", {
      botId: bot.attrId,
      botAliasName: "partners",
      botVersion,
      botAliasLocaleSettings: [locale("en_US", partners.functionArn)],
    });
    partnersAlias.addMetadata(MACRO, { Enabled: false });
  }
}

/** Return what a function makes of a synthesised assembly, of which nothing is left. */
function synthesized(byMacro, use) {
  const outdir = mkdtempSync(join(tmpdir(), "cdk-case-"));
  try {
    const app = new App({
      outdir,
      // What would change from one release of the CDK to the next, and says nothing of the macro.
      analyticsReporting: false,
      // `cdk synth` writes the path of its construct into each resource: so does this.
      context: { "aws:cdk:enable-path-metadata": true },
    });
    new OrdersStack(app, "Orders", {
      byMacro,
      synthesizer: new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }),
    });
    return use(app.synth());
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

/** Return the template as CloudFormation hands it to the macro: without the line that names it. */
function fragmentOf(assembly) {
  const { Transform, ...fragment } = assembly.getStackByName("Orders").template;
  if (Transform !== MACRO) {
    throw new Error(`The template's Transform is ${JSON.stringify(Transform)}`);
  }
  return fragment;
}

// YAML 1.1 is what CloudFormation and the tests read: "1.0" and the like are quoted for it.
const options = { version: "1.1", lineWidth: 100, aliasDuplicateObjects: false };
writeFileSync(TARGET, `${FIRST_LINE}\n${stringify(synthesized(true, fragmentOf), options)}`);

synthesized(false, (assembly) => {
  rmSync(ASSEMBLY, { recursive: true, force: true });
  mkdirSync(ASSEMBLY);
  // In the metadata of a stack is where this program ran.
  const names = readdirSync(assembly.directory).filter((name) => !name.endsWith(".metadata.json"));
  for (const name of names) {
    copyFileSync(join(assembly.directory, name), join(ASSEMBLY, name));
  }
});
