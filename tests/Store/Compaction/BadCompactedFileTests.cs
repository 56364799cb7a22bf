using System.Globalization;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Tests.Store.Faults;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Compaction;

/// <summary>
/// Cut and changed files below <c>compaction/</c>: opening refuses and says what to do, or everything that is read is
/// right. Mutations: PROTOBRIDGE_STORE_MUTATIONS (1500 by default).
/// </summary>
public sealed class BadCompactedFileTests
{
    private static int Mutations =>
        int.TryParse(Environment.GetEnvironmentVariable("PROTOBRIDGE_STORE_MUTATIONS"), NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : 1500;

    [Fact]
    public async Task Every_truncation_of_a_file_of_compacted_records_is_refused()
    {
        var sound = await Make();
        var name = sound.Keys.Single(path => path.Contains("/compaction/table/0/0000", StringComparison.Ordinal));
        for (var length = 0; length < sound[name].Length; length += 11)
        {
            var files = Restore(sound);
            files.Put(name, sound[name].AsSpan(0, length));
            var refused = Assert.Throws<StoreUnusableException>(() => MessageStore.Open(CompactionKit.Small(), files));
            Assert.Contains("Restore it from a copy", refused.Message, StringComparison.Ordinal);
            Assert.Contains(name, refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Every_truncation_of_a_snapshot_of_keys_is_noticed_and_the_keys_are_there()
    {
        var sound = await Make();
        for (var length = 0; length < sound["/store/compaction/table/0/keys"].Length; length += 13)
        {
            var files = Restore(sound);
            files.Put("/store/compaction/table/0/keys", sound["/store/compaction/table/0/keys"].AsSpan(0, length));
            await Check(files, mayMiss: false);
        }
    }

    [Fact]
    public async Task Changed_files_are_refused_or_read_as_what_was_written()
    {
        var sound = await Make();
        var names = sound.Keys.Where(path => path.Contains("/compaction/", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToArray();
        for (var i = 0; i < Mutations; i++)
        {
            await Seeded.RunAsync(async random =>
            {
                var files = Restore(sound);
                var name = names[random.Next(names.Length)];
                var content = files.Content(name);
                for (var change = random.Next(1, 4); change > 0; change--)
                    content[random.Next(content.Length)] ^= (byte)(1 << random.Next(8));
                files.Put(name, content);
                if (random.Next(2) == 0)
                    files.Put("/store/abort", "1"u8);
                await Check(files, mayMiss: true);
            });
        }
    }

    private static async Task Check(FaultyFileSystem files, bool mayMiss)
    {
        MessageStore store;
        try
        {
            store = MessageStore.Open(CompactionKit.Small(), files);
        }
        catch (StoreUnusableException) when (mayMiss)
        {
            return;
        }

        await using (store)
        {
            // A list of topics that was changed into another valid one: the topic is an ordinary one then.
            if (!store.CompactedTopics.TryGet(CompactionKit.Topic, out _))
                return;
            for (var i = 0; i < 40; i++)
            {
                var value = Read(store, i);
                Assert.True(value == $"value {80 + i}" || (mayMiss && value is null), $"key {i} is {value}");
            }

            try
            {
                Assert.All(store.AllLatest(), record => Assert.Equal($"value {record.Offset}", record.Body));
                store.Put("key 1", "value 120");
                await store.Fill(2);
                store.DeleteHead();
                Assert.Equal("value 120", Read(store, 1));
            }
            catch (IOException error)
            {
                Assert.Contains("Restore it from a copy", error.Message, StringComparison.Ordinal);
            }
        }
    }

    private static string? Read(MessageStore store, int key)
    {
        try
        {
            return store.Latest($"key {key}");
        }
        catch (IOException error)
        {
            Assert.Contains("Restore it from a copy", error.Message, StringComparison.Ordinal);
            return null;
        }
    }

    /// <summary>40 keys of three values each; all of them in one file but for the last of it.</summary>
    private static async Task<Dictionary<string, byte[]>> Make()
    {
        var files = new FaultyFileSystem(1);
        await using (var store = MessageStore.Open(CompactionKit.Small(), files))
        {
            store.CompactedTopics.Add(CompactionKit.Topic);
            for (var i = 0; i < 120; i++)
                store.Put($"key {i % 40}", $"value {i}");
            await store.Fill(2);
            store.DeleteHead();
        }

        return files.Paths.ToDictionary(path => path, files.Content);
    }

    private static FaultyFileSystem Restore(Dictionary<string, byte[]> content)
    {
        var files = new FaultyFileSystem(1);
        foreach (var (path, bytes) in content)
            files.Put(path, bytes);
        return files;
    }
}
