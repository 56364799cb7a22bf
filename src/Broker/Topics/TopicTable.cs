using System.Collections.Concurrent;
using System.Text;
using ProtoBridgeMQ.Broker.Config;
using ProtoBridgeMQ.Broker.Core;

namespace ProtoBridgeMQ.Broker.Topics;

/// <summary>
/// The topics of this broker, in memory and in <c>config/topics.json</c>. A change is on disk before anybody is told
/// of it: a message that is acknowledged never lies in a topic that a restart does not know. It goes to the journal first;
/// the table is written a moment later, for all changes of that moment at once.
/// </summary>
public sealed class TopicTable : ITopics, IDisposable
{
    private const int MaxJournal = 16 << 20;

    private readonly ConcurrentDictionary<string, BrokerTopic> _topics = new(NameComparer.Instance);
    private readonly ConcurrentDictionary<string, BrokerTopic>.AlternateLookup<ReadOnlySpan<byte>> _byBytes;
    private readonly HashSet<string> _own = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private readonly Lock _writing = new();
    private readonly TableFile _file;
    private readonly TopicJournal _journal;
    private readonly TopicHistory _history = new();
    private readonly ITimer _timer;
    private readonly BrokerOptions _options;
    private readonly TimeProvider _time;
    private bool _isDisposed;

    /// <summary>Reads the file and adds the system's topics.</summary>
    public TopicTable(BrokerOptions options, TableFile file, TimeProvider time)
    {
        _options = options;
        _file = file;
        _time = time;
        _byBytes = _topics.GetAlternateLookup<ReadOnlySpan<byte>>();
        _journal = new TopicJournal(file.Files, System.IO.Path.ChangeExtension(file.Path, ".journal"));
        _timer = time.CreateTimer(static table => ((TopicTable)table!).WriteLater(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Version = new DataVersion(0, 0, 0);
        if (file.Read(static text => TopicFile.Parse(text)) is { } saved)
        {
            Version = saved.Version;
            foreach (BrokerTopic topic in saved.Topics)
            {
                _topics[topic.Name] = AsItIs(topic);
            }
        }

        foreach ((DataVersion version, string name, BrokerTopic? topic) in _journal.Read(Version))
        {
            Version = version;
            Enter(name, topic);
        }

        foreach (BrokerTopic topic in TopicName.OfSystem(options))
        {
            _own.Add(topic.Name);
            _topics[topic.Name] = topic;
        }

        Version = Version.Next(time);
        _history.Begin(Version);
        WriteTable();
    }

    /// <inheritdoc/>
    public event Action<BrokerTopic>? Changed;

    /// <summary>Called before a topic is written; when it throws the table stays as it was.</summary>
    public Action<BrokerTopic>? Preparing { get; set; }

    /// <summary>Which state of the table this is.</summary>
    public DataVersion Version { get; private set; }

    /// <inheritdoc/>
    public int Count => _topics.Count;

    /// <inheritdoc/>
    public BrokerTopic? Find(string name) => _topics.GetValueOrDefault(name);

    /// <inheritdoc/>
    public BrokerTopic? Find(ReadOnlySpan<byte> name) => _byBytes.TryGetValue(name, out BrokerTopic? topic) ? topic : null;

    /// <inheritdoc/>
    public IReadOnlyList<BrokerTopic> All() => [.. _topics.Values];

    /// <summary>What changed after a state of the table; everything when that is null or too long ago.</summary>
    public TopicChanges Since(DataVersion? version)
    {
        lock (_lock)
        {
            if (version is null || _history.Since(version) is not { } names)
            {
                return Whole();
            }

            List<BrokerTopic> topics = [.. names.Select(Find).OfType<BrokerTopic>()];
            return new TopicChanges(Version, topics, topics.Count < names.Count, false);
        }
    }

    /// <summary>Writes the table.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        WriteLater();
        lock (_lock)
        {
            _isDisposed = true;
            _journal.Dispose();
        }
    }

    /// <summary>Whether it is one of the broker's own topics.</summary>
    public bool IsSystem(string name) => _own.Contains(name) || TopicName.IsSystem(name);

    /// <inheritdoc/>
    public SendStatus Resolve(ReadOnlySpan<byte> name, string defaultTopic, int defaultQueues, out BrokerTopic? topic)
    {
        if (_byBytes.TryGetValue(name, out topic))
        {
            return SendStatus.Ok;
        }

        string text = Encoding.UTF8.GetString(name);
        if (TopicName.Reject(text) is not null)
        {
            return SendStatus.TopicInvalid;
        }

        BrokerTopic? pattern = _options.AutoCreateTopics && defaultTopic.Length > 0 ? Find(defaultTopic) : null;
        if (pattern is null || (pattern.Permissions & BrokerTopic.Inherit) == 0 || TopicName.IsKept(text))
        {
            return SendStatus.TopicNotFound;
        }

        int queues = Math.Max(1, Math.Min(defaultQueues, pattern.WriteQueues));
        return CreateIfAbsent(
            new BrokerTopic
            {
                Name = text,
                ReadQueues = queues,
                WriteQueues = queues,
                Permissions = pattern.Permissions & ~BrokerTopic.Inherit,
                FilterType = pattern.FilterType,
            },
            out topic);
    }

    /// <summary>Finds a topic of that name, or makes this one.</summary>
    public SendStatus CreateIfAbsent(BrokerTopic wanted, out BrokerTopic? topic)
    {
        lock (_lock)
        {
            if (_topics.TryGetValue(wanted.Name, out topic))
            {
                return SendStatus.Ok;
            }

            wanted = AsItIs(wanted);
            SendStatus status = Check(wanted);
            if (status != SendStatus.Ok)
            {
                return status;
            }

            Replace(wanted);
            topic = wanted;
        }

        Changed?.Invoke(wanted);
        return SendStatus.Ok;
    }

    /// <inheritdoc/>
    public SendStatus Put(BrokerTopic topic) => PutAll([topic]);

    /// <summary>Creates topics or changes their settings: all of them, written at once, or none.</summary>
    public SendStatus PutAll(IReadOnlyCollection<BrokerTopic> topics)
    {
        var changed = new Dictionary<string, BrokerTopic>(StringComparer.Ordinal);
        lock (_lock)
        {
            foreach (BrokerTopic topic in topics)
            {
                SendStatus status = IsSystem(topic.Name) ? SendStatus.TopicInvalid : Check(topic);
                if (status != SendStatus.Ok)
                {
                    return status;
                }

                if (!topic.Equals(Find(topic.Name)))
                {
                    changed[topic.Name] = topic;
                }
            }

            int more = changed.Keys.Count(name => !_topics.ContainsKey(name));
            if (more > 0 && _topics.Count + more > _options.MaxTopics)
            {
                return SendStatus.TopicLimit;
            }

            Replace(changed);
        }

        foreach (BrokerTopic topic in changed.Values)
        {
            Changed?.Invoke(topic);
        }

        return SendStatus.Ok;
    }

    /// <summary>Makes the topic that others inherit from, when the broker began without it.</summary>
    public void AddDefault()
    {
        BrokerTopic wanted = TopicName.DefaultOf(_options);
        lock (_lock)
        {
            _own.Add(wanted.Name);
            if (_topics.ContainsKey(wanted.Name))
            {
                return;
            }

            Replace(wanted);
        }

        Changed?.Invoke(wanted);
    }

    /// <summary>Makes every topic count as changed: name servers must be told again, because what topics allow here changed.</summary>
    public void TellAgain()
    {
        lock (_writing)
        {
            lock (_lock)
            {
                Version = Version.Next(_time);
                WriteTable();
                _history.Begin(Version);
            }
        }

        if (Find(TopicName.Schedule) is { } any)
        {
            Changed?.Invoke(any);
        }
    }

    /// <inheritdoc/>
    public SendStatus Remove(string name)
    {
        if (IsSystem(name))
        {
            return SendStatus.TopicInvalid;
        }

        BrokerTopic? gone;
        lock (_lock)
        {
            if (!_topics.TryGetValue(name, out gone))
            {
                return SendStatus.TopicNotFound;
            }

            Keep([(name, null)]);
        }

        Changed?.Invoke(gone);
        return SendStatus.Ok;
    }

    // Topics of the system that come when they are needed: traces, transactions that were put aside.
    private static BrokerTopic AsItIs(BrokerTopic topic) => TopicName.IsSystem(topic.Name) && !topic.IsSystem ? topic with { IsSystem = true } : topic;

    private SendStatus Check(BrokerTopic topic)
    {
        if (TopicName.Reject(topic.Name) is not null
            || topic.ReadQueues < 0 || topic.WriteQueues < 0
            || topic.ReadQueues > _options.MaxQueuesPerTopic || topic.WriteQueues > _options.MaxQueuesPerTopic
            || topic.Permissions is < 0 or > 7)
        {
            return SendStatus.TopicInvalid;
        }

        return _topics.ContainsKey(topic.Name) || _topics.Count < _options.MaxTopics ? SendStatus.Ok : SendStatus.TopicLimit;
    }

    // The disk first: when it cannot be written the table stays as it was.
    private void Replace(BrokerTopic topic) => Replace(new Dictionary<string, BrokerTopic>(StringComparer.Ordinal) { [topic.Name] = topic });

    private void Replace(Dictionary<string, BrokerTopic> topics)
    {
        if (topics.Count == 0)
        {
            return;
        }

        foreach (BrokerTopic topic in topics.Values)
        {
            Preparing?.Invoke(topic);
        }

        Keep([.. topics.Values.Select(static topic => (topic.Name, (BrokerTopic?)topic))]);
    }

    private void Keep(IReadOnlyList<(string Name, BrokerTopic? Topic)> changes)
    {
        _timer.Change(_options.TopicFileInterval, Timeout.InfiniteTimeSpan);
        if (_isDisposed || _journal.IsBroken)
        {
            throw new IOException(_isDisposed ? "The broker stops." : $"A change of topics could not be written beside '{_file.Path}'; it is tried again in a moment.");
        }

        DataVersion next = Version.Next(_time);
        _journal.Append(next, changes);
        Version = next;
        foreach ((string name, BrokerTopic? topic) in changes)
        {
            Enter(name, topic);
            _history.Add(next, name);
        }
    }

    private void Enter(string name, BrokerTopic? topic)
    {
        if (topic is null)
        {
            _topics.TryRemove(name, out _);
        }
        else
        {
            _topics[name] = topic;
        }
    }

    // Of those who write the table one at a time: an older table must not come after a newer one.
    private void WriteTable()
    {
        _file.Write(output => TopicFile.Write(output, Version, _topics.Values));
        _journal.Clear();
    }

    private void WriteLater()
    {
        lock (_writing)
        {
            try
            {
                // Topics come while this is written: those stay in the journal for the next time.
                TopicChanges all = Whole();
                _file.Write(output => TopicFile.Write(output, all.Version, all.Topics));
                lock (_lock)
                {
                    if (all.Version == Version && !_journal.IsBroken)
                    {
                        _journal.Clear();
                    }
                    else if (_journal.IsBroken || _journal.Length > MaxJournal)
                    {
                        WriteTable();
                    }
                }
            }
            catch (IOException)
            {
                _timer.Change(_options.TopicFileInterval, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private TopicChanges Whole()
    {
        lock (_lock)
        {
            return new TopicChanges(Version, [.. _topics.Values], false, true);
        }
    }
}
