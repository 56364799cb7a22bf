using System.CommandLine;
using ProtoBridgeMQ.Cli.Output;
using Spectre.Console;

namespace ProtoBridgeMQ.Cli.Commands;

/// <summary><c>doctor</c>: looks at everything between this machine and the brokers, and says what to do.</summary>
internal sealed class DoctorCommand
{
    private readonly Option<string> _mqtt = new("--mqtt") { Description = "the gateway's MQTT address (default 127.0.0.1:1883); none leaves it out", HelpName = "ADDRESS", DefaultValueFactory = _ => "127.0.0.1:1883" };
    private readonly Option<bool> _noHttp = new("--no-http") { Description = "there is no gateway to look at: leave HTTP out" };

    public static Command Describe(CommonOptions common)
    {
        var own = new DoctorCommand();
        return common.Act(new Command("doctor", "check ports, name servers, brokers, disks, clocks and versions, and say what to do") { own._mqtt, own._noHttp }, own.RunAsync);
    }

    private async Task<int> RunAsync(Invocation run)
    {
        var findings = new List<Finding>();
        findings.AddRange(await Doctor.ClusterChecks.RunAsync(run));
        findings.AddRange(run.Get(_noHttp) ? [new Finding("http", CheckState.Skipped, "--no-http")] : await Doctor.HttpChecks.RunAsync(run));
        if (run.HttpSignIn is { } who && !run.Get(_noHttp))
        {
            findings.Add(await Doctor.SignInCheck.RunAsync(run, who));
        }

        findings.Add(run.Get(_mqtt) is { } mqtt && mqtt != "none" ? await Doctor.PortCheck.RunAsync("mqtt", mqtt, run) : new Finding("mqtt", CheckState.Skipped, "--mqtt none"));
        var diagnosis = new Diagnosis(findings.All(finding => finding.State != CheckState.Fault), findings);
        await run.AnswerAsync(diagnosis, CliJson.Plain.Diagnosis, shown => new Rows(
            Shown.Table(["check", "state", "found"], shown.Checks.Select(finding => new[] { finding.Check, Word(finding.State), finding.Found })),
            Shown.Words(shown.Checks.Any(finding => finding.Advice is not null)
                ? "What to do:\n" + string.Join('\n', shown.Checks.Where(finding => finding.Advice is not null).Select(finding => $"- {finding.Check}: {finding.Advice}"))
                : "Nothing to do.")));
        return diagnosis.IsWell ? ExitCode.Done : ExitCode.Unwell;
    }

    private static string Word(CheckState state) => state switch
    {
        CheckState.Ok => "ok",
        CheckState.Warning => "WARNING",
        CheckState.Fault => "FAULT",
        _ => "skipped",
    };
}
