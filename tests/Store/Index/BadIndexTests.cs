using System.Buffers.Binary;
using System.Globalization;
using ProtoBridgeMQ.Store.Index;
using ProtoBridgeMQ.Store.Projections;
using ProtoBridgeMQ.Tests.Store.Faults;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Index;

/// <summary>
/// Cut and changed index files: opening and asking end, in bounded memory and time, and never crash.
/// Mutations: PROTOBRIDGE_STORE_MUTATIONS (1500 by default).
/// </summary>
public sealed class BadIndexTests
{
    private const int EntriesAt = 40 + (10 * 4);
    private const long AllocationLimit = 4 << 20;

    private static int Mutations =>
        int.TryParse(Environment.GetEnvironmentVariable("PROTOBRIDGE_STORE_MUTATIONS"), NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : 1500;

    [Fact]
    public void Every_truncation_of_every_file_opens()
    {
        var sound = Sound();
        foreach (var (name, bytes) in sound)
        {
            for (var length = 0; length < bytes.Length; length++)
                OpenAskAndAdd(Changed(sound, name, bytes[..length]), isClean: length % 2 == 0);
        }
    }

    [Fact]
    public void Mutated_files_open_and_queries_of_them_end()
    {
        var sound = Sound();
        var names = sound.Keys.Order(StringComparer.Ordinal).ToArray();
        for (var i = 0; i < Mutations; i++)
        {
            Seeded.Run(random =>
            {
                var files = Changed(sound, names[0], sound[names[0]]);
                for (var change = random.Next(1, 6); change > 0; change--)
                {
                    var name = names[random.Next(names.Length)];
                    var bytes = files.Content(name);
                    var at = random.Next(random.Next(3) == 0 ? 80 : bytes.Length);
                    switch (random.Next(4))
                    {
                        case 0:
                            bytes[at] ^= (byte)(1 << random.Next(8));
                            break;
                        case 1:
                            random.NextBytes(bytes.AsSpan(at, Math.Min(random.Next(1, 9), bytes.Length - at)));
                            break;
                        case 2:
                            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(Math.Min(at / 4 * 4, bytes.Length - 4)), random.Next(-3, 25));
                            break;
                        default:
                            bytes.AsSpan(at, Math.Min(random.Next(1, 100), bytes.Length - at)).Fill((byte)random.Next(256));
                            break;
                    }

                    files.Put(name, bytes);
                }

                OpenAskAndAdd(files, random.Next(2) == 0);
            });
        }
    }

    [Theory]
    [InlineData(5, "to itself")]
    [InlineData(19, "to the end")]
    [InlineData(1_000_000, "outside of the file")]
    [InlineData(-1, "negative")]
    public void A_chain_that_does_not_lead_back_ends_there_and_is_counted(int previous, string _)
    {
        var sound = Sound();
        var name = sound.Keys.Order(StringComparer.Ordinal).First();
        var bytes = sound[name];
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(EntriesAt + (5 * 20) + 16), previous);
        using var bench = Open(Changed(sound, name, bytes), isClean: true);
        var result = bench.Find("t", "same", max: 64);
        Assert.Equal(KeyQueryStatus.Damaged, result.Status);
        Assert.Contains(4L, result.Offsets);
        Assert.DoesNotContain(3L, result.Offsets);
        Assert.Equal(1, bench.Index.DamagedChains);
    }

    [Theory, InlineData(20), InlineData(int.MaxValue), InlineData(-5)]
    public void A_slot_that_leads_outside_of_the_file_is_counted(int head)
    {
        var sound = Sound();
        var name = sound.Keys.Order(StringComparer.Ordinal).First();
        var bytes = sound[name];
        var slot = KeyHash.Of(KeyHash.OfTopic("t"u8), "same"u8) % 10;
        using var bench = Open(Changed(sound, name, bytes), isClean: true);
        bench.Machine.Put(name, bytes);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(40 + (slot * 4)), head);
        bench.Machine.Put(name, bytes);
        Assert.Equal(KeyQueryStatus.Damaged, bench.Find("t", "same").Status);
        Assert.Equal(1, bench.Index.DamagedChains);
    }

    private static void OpenAskAndAdd(FaultyFileSystem files, bool isClean)
    {
        var size = files.Paths.Sum(path => (long)files.Content(path).Length);
        var before = GC.GetAllocatedBytesForCurrentThread();
        using (var bench = Open(files, isClean))
        {
            Ask(bench);
            bench.Index.EndRecovery(60);
            Ask(bench);
            bench.Add(60, "t", "same new");
            bench.Index.Flush();
            Assert.Equal(60, bench.Find("t", "new").Offsets[0]);
            bench.Index.Trim(30);
            Ask(bench);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, AllocationLimit + (40 * size));
        using var again = Open(files, isClean: true);
        Assert.Equal(60, again.Find("t", "new").Offsets[0]);
    }

    private static void Ask(IndexBench bench)
    {
        bench.Find("t", "same");
        bench.Find("t", "same", begin: 1_010_000, end: 1_020_000);
        for (var i = 0; i < 60; i += 7)
            bench.Find("t", $"k{i}");
    }

    private static IndexBench Open(FaultyFileSystem files, bool isClean) =>
        new(files: files, start: new ProjectionStart(60, 0, isClean, Rebuild: false, long.MaxValue));

    private static FaultyFileSystem Changed(Dictionary<string, byte[]> sound, string name, byte[] changed)
    {
        var files = new FaultyFileSystem(1);
        foreach (var (path, bytes) in sound)
            files.Put(path, path == name ? changed : bytes);
        return files;
    }

    /// <summary>Three full files and one that is not; half of the entries are of one key.</summary>
    private static Dictionary<string, byte[]> Sound()
    {
        using var bench = new IndexBench();
        for (var i = 0; i < 60; i++)
            bench.Add(i, "t", i % 2 == 0 && i > 20 ? $"k{i}" : "same", storeTimestamp: 1_000_000 + (i * 500));
        bench.Index.Flush();
        return bench.Paths.ToDictionary(path => path, bench.Machine.Content);
    }
}
