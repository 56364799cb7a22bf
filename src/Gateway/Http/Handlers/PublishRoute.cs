using System.Collections.Concurrent;
using ProtoBridgeMQ.Bridge.Topics;

namespace ProtoBridgeMQ.Gateway.Http.Handlers;

/// <summary>
/// Takes publishes before routing: the path is looked up as it came, so that a publish to a topic seen before
/// allocates neither route values nor a topic name.
/// </summary>
internal sealed class PublishRoute(PublishHandler handler, Failures failures)
{
    private const string Before = "/v1/topics/";
    private const string After = "/messages";
    private const int MaxKept = 8192;

    private readonly ConcurrentDictionary<string, string> _topics = new(StringComparer.Ordinal);
    private int _kept;

    /// <summary>Handles the request if it is a publish; null: somebody else's.</summary>
    public Task? TryHandle(HttpContext context)
    {
        if (!HttpMethods.IsPost(context.Request.Method) || context.Request.Path.Value is not { } path)
            return null;

        if (!_topics.TryGetValue(path, out string? topic))
        {
            topic = TopicOf(path);
            if (topic is null)
                return null;

            if (TopicNames.IsValid(topic) && Interlocked.Increment(ref _kept) <= MaxKept)
                _topics.TryAdd(path, topic);
        }

        return HandleAsync(context, topic);
    }

    private static string? TopicOf(string path)
    {
        int length = path.Length - Before.Length - After.Length;
        if (length <= 0 || !path.StartsWith(Before, StringComparison.OrdinalIgnoreCase) || !path.EndsWith(After, StringComparison.OrdinalIgnoreCase))
            return null;

        string topic = path.Substring(Before.Length, length);
        return topic.Contains('/', StringComparison.Ordinal) ? null : topic;
    }

    private async Task HandleAsync(HttpContext context, string topic)
    {
        try
        {
            await handler.HandleAsync(context, topic);
        }
        catch (Exception failure)
        {
            await failures.AnswerAsync(context, failure);
        }
    }
}
