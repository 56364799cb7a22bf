using System.Net;
using System.Net.Http.Headers;
using ProtoBridgeMQ.Cli.Output;

namespace ProtoBridgeMQ.Cli.Commands.Doctor;

/// <summary>Whether the gateway knows who asks, and lets them manage.</summary>
internal static class SignInCheck
{
    private const string Check = "sign-in";

    public static async Task<Finding> RunAsync(Invocation run, AuthenticationHeaderValue who)
    {
        if (run.Http.Scheme == Uri.UriSchemeHttp && !run.Http.IsLoopback)
        {
            return new Finding(Check, CheckState.Fault, $"{run.Http} is not encrypted: the secret was not sent", "Give an https address by --http.");
        }

        return await AskAsync(run, who);
    }

    private static async Task<Finding> AskAsync(Invocation run, AuthenticationHeaderValue who)
    {
        // The secret goes to the address that was given, and to no other.
        using var handler = new HttpClientHandler { AllowAutoRedirect = false };
        using var client = new HttpClient(handler) { BaseAddress = run.Http, Timeout = run.ClientOptions.RequestTimeout };
        client.DefaultRequestHeaders.Authorization = who;
        try
        {
            using HttpResponseMessage answer = await client.GetAsync(new Uri("v1/overview", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, run.Cancelled);
            return answer.StatusCode switch
            {
                HttpStatusCode.OK => new Finding(Check, CheckState.Ok, "known, and may manage"),
                HttpStatusCode.Forbidden => new Finding(Check, CheckState.Warning, "known, and may not manage", "The rules of the gateway give the right `manage`: see docs/access.md."),
                HttpStatusCode.Unauthorized => new Finding(Check, CheckState.Fault, "the gateway does not know this user and password, or this token", "Is it spelt right, and not expired? The gateway's log says more."),
                _ => new Finding(Check, CheckState.Fault, $"{run.Http}v1/overview answers {(int)answer.StatusCode}", "Is this the gateway's address?"),
            };
        }
        catch (Exception failure) when (failure is HttpRequestException || (failure is TaskCanceledException && !run.Cancelled.IsCancellationRequested))
        {
            return new Finding(Check, CheckState.Skipped, "the gateway does not answer");
        }
    }
}
