using System.Globalization;
using System.Net;
using ProtoBridgeMQ.Cli.Output;

namespace ProtoBridgeMQ.Cli.Commands.Doctor;

/// <summary>The gateway: whether it answers and is ready, and whether its clock and ours agree.</summary>
internal static class HttpChecks
{
    private const int MaxAnswer = 64 * 1024;
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(5);

    public static async Task<IReadOnlyList<Finding>> RunAsync(Invocation run)
    {
        using var client = new HttpClient { BaseAddress = run.Http, Timeout = run.ClientOptions.RequestTimeout, MaxResponseContentBufferSize = MaxAnswer };
        try
        {
            using HttpResponseMessage answer = await client.GetAsync(new Uri("readyz", UriKind.Relative), run.Cancelled);
            string body = await answer.Content.ReadAsStringAsync(run.Cancelled);
            return [Ready(run.Http, answer.StatusCode, body), Clock(answer, Invocation.Now)];
        }
        catch (HttpRequestException failure)
        {
            return [new Finding("http", CheckState.Fault, $"{run.Http}: {failure.Message}", $"Start the gateway, or give its address by --http or {CommonOptions.HttpVariable}; say --no-http when there is none.")];
        }
        catch (TaskCanceledException) when (!run.Cancelled.IsCancellationRequested)
        {
            return [new Finding("http", CheckState.Fault, $"{run.Http}: no answer within {run.ClientOptions.RequestTimeout.TotalSeconds} s", "Is the process stuck, or is a firewall between? Its log and /healthz say more.")];
        }
    }

    private static Finding Ready(Uri address, HttpStatusCode status, string body) => status switch
    {
        HttpStatusCode.OK => new Finding("http", CheckState.Ok, $"{address} is ready"),
        HttpStatusCode.ServiceUnavailable => new Finding("http", CheckState.Fault, $"{address} is not ready: {body}", "The answer says which part: its log has the reason."),
        _ => new Finding("http", CheckState.Fault, $"{address}readyz answers {(int)status}", "Is this the gateway's address? Its HTTP port is 8080 by default."),
    };

    private static Finding Clock(HttpResponseMessage answer, DateTimeOffset now)
    {
        if (answer.Headers.Date is not { } theirs)
        {
            return new Finding("clock", CheckState.Skipped, "the gateway does not say its time");
        }

        // The header has whole seconds.
        TimeSpan apart = (now - theirs).Duration();
        string found = string.Create(CultureInfo.InvariantCulture, $"{apart.TotalSeconds:F0} s apart");
        return apart > ClockTolerance
            ? new Finding("clock", CheckState.Warning, found, "Set both clocks by NTP: delays, expiry and times of messages go by the broker's clock.")
            : new Finding("clock", CheckState.Ok, found);
    }
}
