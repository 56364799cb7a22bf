using ProtoBridgeMQ.Broker.Config;
using ProtoBridgeMQ.Remoting.Bodies;

namespace ProtoBridgeMQ.Broker.Pop;

/// <summary>Whether groups pull or pop topics, in memory and in <c>config/messageRequestMode.json</c>.</summary>
/// <remarks>Thread safe. A change is on the disk before it is answered.</remarks>
public sealed class RequestModeTable
{
    private readonly Dictionary<(string Topic, string Group), RequestMode> _modes = [];
    private readonly Lock _lock = new();
    private readonly TableFile _file;
    private readonly BrokerOptions _options;

    /// <summary>Reads the file.</summary>
    public RequestModeTable(BrokerOptions options, TableFile file)
    {
        _options = options;
        _file = file;
        foreach (RequestMode mode in file.Read(static text => RequestModeFile.Parse(text)) ?? [])
        {
            _modes[(mode.Topic, mode.Group)] = mode;
        }
    }

    /// <summary>What was said for a topic of a group, or null.</summary>
    public RequestMode? Find(string topic, string group)
    {
        lock (_lock)
        {
            return _modes.GetValueOrDefault((topic, group));
        }
    }

    /// <summary>All of them as of now.</summary>
    public IReadOnlyList<RequestMode> All()
    {
        lock (_lock)
        {
            return [.. _modes.Values];
        }
    }

    /// <summary>Says it; false when it is said of too many.</summary>
    public bool Put(RequestMode mode)
    {
        lock (_lock)
        {
            bool isKnown = _modes.TryGetValue((mode.Topic, mode.Group), out RequestMode? before);
            if (!isKnown && _modes.Count >= _options.MaxRequestModes)
            {
                return false;
            }

            if (mode != before)
            {
                IEnumerable<RequestMode> others = _modes.Values.Where(other => other.Topic != mode.Topic || other.Group != mode.Group);
                _file.Write(output => RequestModeFile.Write(output, others.Append(mode)));
                _modes[(mode.Topic, mode.Group)] = mode;
            }

            return true;
        }
    }
}

/// <summary>How a group reads a topic.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Group">The group.</param>
/// <param name="IsPop">Whether it pops; else it pulls.</param>
/// <param name="ShareQueues">How many of the next members' queues a member pops too; 0 or less for all.</param>
public sealed record RequestMode(string Topic, string Group, bool IsPop, int ShareQueues)
{
    /// <summary>RocketMQ's name of it.</summary>
    public string Name => IsPop ? "POP" : "PULL";

    /// <summary>As the wire has it.</summary>
    public MessageRequestModeBody ToBody() => new() { Topic = Topic, ConsumerGroup = Group, Mode = Name, PopShareQueues = ShareQueues };
}
