using System.Text;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.LightQueues;

namespace ProtoBridgeMQ.Tests.Store.LightQueues;

/// <summary>
/// A queue whose name ends in a number takes records whose body begins with a multiple of it; one with another name takes
/// records of the topic of that name.
/// </summary>
internal sealed class NameSelector : ILightQueueSelector
{
    private readonly Lock _lock = new();
    private readonly Dictionary<LightQueueId, string> _names = [];

    public IReadOnlyCollection<string> Names
    {
        get
        {
            lock (_lock)
                return [.. _names.Values];
        }
    }

    public static bool Matches(string name, string topic, string body)
    {
        if (name[0] == '%')
            return false;
        var digits = name.AsSpan().TrimStart("abcdefghijklmnopqrstuvwxyz/#-");
        if (digits.IsEmpty)
            return name == topic;
        return int.Parse(body.AsSpan(0, body.IndexOf(':') is var end and >= 0 ? end : body.Length)) % int.Parse(digits) == 0;
    }

    public void OnCreated(LightQueueId queue, ReadOnlySpan<byte> name)
    {
        lock (_lock)
            _names.Add(queue, Encoding.UTF8.GetString(name));
    }

    public void OnDeleted(LightQueueId queue, ReadOnlySpan<byte> name)
    {
        lock (_lock)
            Assert.True(_names.Remove(queue));
    }

    public void Select(in MessageRecord record, LightQueueTargets targets)
    {
        var body = Encoding.UTF8.GetString(record.Body);
        lock (_lock)
        {
            foreach (var (queue, name) in _names)
            {
                if (Matches(name, record.TopicString, body))
                    targets.Add(queue);
            }
        }
    }
}
