using System.Collections.Concurrent;
using System.Globalization;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Bridge.Embedded;

/// <summary>What became of every message of a <see cref="MixedCluster"/>. A message is its round and a number in it.</summary>
internal sealed class Handlings
{
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _late = new();
    private volatile int _closed = -1;

    public static string Body(int round, int number) => string.Create(CultureInfo.InvariantCulture, $"{round}/{number}");

    /// <summary>It will be sent.</summary>
    public void Expect(string body) => _entries[body] = new Entry(int.Parse(body.AsSpan(0, body.IndexOf('/')), CultureInfo.InvariantCulture));

    /// <summary>Somebody handled it.</summary>
    public void Handled(string body, string who)
    {
        Entry entry = _entries[body];
        lock (entry)
        {
            if (entry.Round <= _closed && !entry.SentBack)
            {
                _late.Enqueue($"{body} came to {who} after its round, and before to {string.Join(", ", entry.By)}");
            }

            entry.By.Add(who);
        }
    }

    /// <summary>Somebody refuses it or leaves with it: it is due again. Said before it is done.</summary>
    public void SentBack(string body, string who)
    {
        Entry entry = _entries[body];
        lock (entry)
        {
            entry.SentBack = true;
            entry.RefusedBy.Add(who);
        }
    }

    /// <summary>Whether somebody sent it back already.</summary>
    public bool WasSentBack(string body)
    {
        Entry entry = _entries[body];
        lock (entry)
        {
            return entry.SentBack;
        }
    }

    /// <summary>Whether every message of the round was handled or sent back.</summary>
    public bool IsDone(int round) => _entries.Values.Where(entry => entry.Round == round).All(entry => entry.SentBack || entry.By.Count > 0);

    /// <summary>From now on messages of the round must not come again.</summary>
    public void Close(int round) => _closed = round;

    /// <summary>Fails when a message of the round came twice.</summary>
    public void HandledOnce(int round) => Assert.All(
        _entries.Where(entry => entry.Value.Round == round && !entry.Value.SentBack),
        entry => Assert.True(entry.Value.By.Count == 1, $"{entry.Key} was handled by {string.Join(", ", entry.Value.By)}"));

    /// <summary>Waits until everything was handled, what was sent back among it.</summary>
    public Task AllHandledAsync() => Eventually.True(
        () => _entries.Values.All(entry => entry.By.Count > 0), "every message was handled", TimeSpan.FromSeconds(60));

    /// <summary>Fails when a message came after its round without having been sent back.</summary>
    public void NothingCameLate() => Assert.Empty(_late);

    /// <summary>How many refused, and how many handled in the end.</summary>
    public (int Refusers, int Handlers) Sides() => (
        _entries.Values.SelectMany(entry => entry.RefusedBy).Distinct(StringComparer.Ordinal).Count(),
        _entries.Values.SelectMany(entry => entry.By).Distinct(StringComparer.Ordinal).Count());

    private sealed class Entry(int round)
    {
        public int Round { get; } = round;

        public List<string> By { get; } = [];

        public List<string> RefusedBy { get; } = [];

        public bool SentBack { get; set; }
    }
}
