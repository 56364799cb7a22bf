using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Gateway.Http.Codec;

namespace ProtoBridgeMQ.Gateway.Http.Handlers;

/// <summary>Answers every failure of a request as problem details.</summary>
internal sealed class Failures(HttpMetrics metrics, RefusalRing refusals, ILogger<Failures> log)
{
    private static readonly string[] Challenges = ["Basic realm=\"ProtoBridgeMQ\", charset=\"UTF-8\"", "Bearer"];

    /// <summary>Around everything but the publish, which has its own way.</summary>
    public async Task GuardAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
            HttpResponse response = context.Response;
            if (response.StatusCode >= StatusCodes.Status400BadRequest && !response.HasStarted && response.ContentType is null)
                await AnswerAsync(context, new ProblemDetail(ProblemDetail.OfStatus(response.StatusCode), $"{context.Request.Method} {context.Request.Path}"));
        }
        catch (Exception failure)
        {
            await AnswerAsync(context, failure);
        }
    }

    /// <summary>Answers a failure.</summary>
    public Task AnswerAsync(HttpContext context, Exception failure)
    {
        if (ProblemDetail.Of(failure) is not { } problem)
        {
            context.Abort();
            return Task.CompletedTask;
        }

        if (problem.Problem == Problem.Internal)
            HttpLog.RequestFailed(log, context.Request.Method, context.Request.Path, failure);

        return AnswerAsync(context, problem);
    }

    private async Task AnswerAsync(HttpContext context, ProblemDetail problem)
    {
        HttpLog.RequestRefused(log, context.Request.Method, context.Request.Path, problem.Problem.Name, problem.Detail);
        // Access control tells its own.
        if (problem.Problem != Problem.Unauthorized && problem.Problem != Problem.Forbidden)
        {
            refusals.Add(
                "http", problem.Problem.Name, null, $"{context.Connection.RemoteIpAddress}:{context.Connection.RemotePort}", $"{context.Request.Method} {context.Request.Path}", problem.Detail);
        }

        metrics.Problems.Add(1, new KeyValuePair<string, object?>("type", problem.Problem.Name));
        if (context.Response.HasStarted)
        {
            // Half an answer must not look like a whole one.
            context.Abort();
            return;
        }

        string allow = context.Response.Headers.Allow.ToString();
        context.Response.Clear();
        if (allow.Length > 0)
            context.Response.Headers.Allow = allow;

        if (problem.Problem == Problem.Unauthorized)
            context.Response.Headers.WWWAuthenticate = Challenges;

        // What is left of such a body is not worth reading.
        if (problem.Problem == Problem.TooLarge || problem.Problem == Problem.SlowRequest)
            context.Response.Headers.Connection = "close";

        try
        {
            await problem.WriteAsync(context.Response);
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException)
        {
            context.Abort();
        }
    }
}
