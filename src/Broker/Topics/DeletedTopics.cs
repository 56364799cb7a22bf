using System.Text.Json;
using ProtoBridgeMQ.Broker.Config;

namespace ProtoBridgeMQ.Broker.Topics;

/// <summary>
/// Topics that were deleted while their messages are still in the log, with the end of the log at that moment: in
/// <c>config/deletedTopics.json</c>. A topic that is made again under the name begins after it, whatever a restart or a
/// rebuild finds in the log. Offsets go on where they were: they are never given twice.
/// </summary>
/// <remarks>Thread safe.</remarks>
public sealed class DeletedTopics
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, long> _topics = new(StringComparer.Ordinal);
    private readonly TableFile _file;
    private readonly int _limit;

    /// <summary>Reads the file.</summary>
    public DeletedTopics(BrokerOptions options, TableFile file)
    {
        _file = file;
        _limit = options.MaxDeletedTopics;
        foreach ((string topic, long end) in file.Read(Parse) ?? [])
        {
            _topics[topic] = end;
        }
    }

    /// <summary>Topics and ends.</summary>
    public IReadOnlyList<KeyValuePair<string, long>> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _topics];
            }
        }
    }

    /// <summary>Notes topics, on disk when this returns; false when there are too many.</summary>
    /// <param name="topics">The topics.</param>
    /// <param name="end">End of the log: what lies before is not theirs any more.</param>
    /// <param name="logStart">Beginning of the log: what was deleted before it needs no note.</param>
    public bool Add(IReadOnlyCollection<string> topics, long end, long logStart)
    {
        lock (_lock)
        {
            var next = _topics.Where(topic => topic.Value > logStart).ToDictionary(StringComparer.Ordinal);
            foreach (string topic in topics)
            {
                next[topic] = end;
            }

            if (next.Count > _limit)
            {
                return false;
            }

            _file.Write(output =>
            {
                using var writer = new Utf8JsonWriter(output);
                writer.WriteStartObject();
                foreach ((string topic, long before) in next)
                {
                    writer.WriteNumber(topic, before);
                }

                writer.WriteEndObject();
            });
            _topics.Clear();
            foreach ((string topic, long before) in next)
            {
                _topics.Add(topic, before);
            }

            return true;
        }
    }

    /// <summary>Reads a file's text; null for what it is not.</summary>
    public static Dictionary<string, long>? Parse(byte[] text)
    {
        using JsonDocument? document = TableJson.Parse(text);
        if (document?.RootElement.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        var topics = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (JsonProperty field in document.RootElement.EnumerateObject())
        {
            if (field.Value.ValueKind == JsonValueKind.Number && field.Value.TryGetInt64(out long end))
            {
                topics[field.Name] = end;
            }
        }

        return topics;
    }
}
