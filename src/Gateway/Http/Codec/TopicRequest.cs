using System.Text.Json;

namespace ProtoBridgeMQ.Gateway.Http.Codec;

/// <summary>
/// Settings of a topic.
/// <code>{ "queues": 8 }</code>
/// </summary>
/// <param name="Queues">How many queues.</param>
internal readonly record struct TopicRequest(int Queues)
{
    private const int DefaultQueues = 8;

    /// <summary>Reads it; an empty body asks for the defaults.</summary>
    public static TopicRequest Parse(ReadOnlySpan<byte> json, int maxQueues)
    {
        if (json.IsEmpty)
            return new TopicRequest(Math.Min(DefaultQueues, maxQueues));

        try
        {
            return Read(json, maxQueues);
        }
        catch (JsonException wrong)
        {
            throw JsonMembers.Malformed(wrong);
        }
    }

    private static TopicRequest Read(ReadOnlySpan<byte> json, int maxQueues)
    {
        var reader = new Utf8JsonReader(json, JsonText.Reading);
        int queues = Math.Min(DefaultQueues, maxQueues);
        reader.Read();
        JsonRequests.ExpectObject(ref reader, "the topic");
        var members = new JsonMembers("the topic");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = members.Next(ref reader);
            if (name != "queues")
                throw RefusalException.Json($"The member '{name}' is unknown here.");

            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt32(out queues) || queues < 1 || queues > maxQueues)
                throw RefusalException.Invalid($"queues must be a number from 1 to {maxQueues}.");
        }

        JsonRequests.ExpectEnd(ref reader);
        return new TopicRequest(queues);
    }
}
