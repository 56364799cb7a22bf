using System.Buffers.Binary;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Protocol.Messages;

/// <summary>Compressed bodies: those of lz4-java as Apache's producers call it (<c>*.java.lz4</c>), of the lz4 and zstd commands, and our own.</summary>
public sealed class BodyCompressionTests
{
    private const int Lz4 = MessageSysFlag.Compressed | MessageSysFlag.CompressionLz4;
    private const int Zstandard = MessageSysFlag.Compressed | MessageSysFlag.CompressionZstd;
    private const int Zlib = MessageSysFlag.Compressed | MessageSysFlag.CompressionZlib;

    private static readonly string Golden = Path.Combine(BuiltProgram.Root, "tests", "Golden", "compression");

    private static string[] Packed => [.. Directory.GetFiles(Golden).Select(file => Path.GetFileName(file)!).Where(file => !file.EndsWith(".bin", StringComparison.Ordinal))];

    public static TheoryData<string> Samples => new(Packed);

    [Theory]
    [InlineData("text.java.lz4", "text.bin", 1)]
    [InlineData("noise.java.lz4", "noise.bin", 1)]
    [InlineData("long.linked.lz4", "text.bin", 20)]
    [InlineData("long.blocks.lz4", "text.bin", 20)]
    [InlineData("text.zst", "text.bin", 1)]
    [InlineData("text.stream.zst", "text.bin", 1)]
    [InlineData("noise.zst", "noise.bin", 1)]
    [InlineData("words.1.zst", "words.bin", 1)]
    [InlineData("words.19.zst", "words.bin", 1)]
    [InlineData("words.stream.zst", "words.bin", 1)]
    [InlineData("long.zst", "text.bin", 20)]
    public void What_others_packed_unpacks_within_its_limit_only(string packed, string plain, int times)
    {
        byte[] expected = [.. Enumerable.Repeat(Read(plain), times).SelectMany(bytes => bytes)];
        Assert.True(BodyCompression.TryUnpack(FlagOf(packed), Read(packed), expected.Length, out var unpacked, out var problem), problem);
        Assert.Equal(expected, unpacked);
        Assert.False(BodyCompression.TryUnpack(FlagOf(packed), Read(packed), expected.Length - 1, out _, out problem));
        Assert.Equal($"it unpacks to more than {expected.Length - 1} bytes", problem);
    }

    [Fact]
    public void Frames_that_stand_one_behind_the_other_are_one_body()
    {
        byte[] expected = [.. Read("text.bin"), .. Read("noise.bin")];
        Assert.True(BodyCompression.TryUnpack(Lz4, Read("two.lz4"), expected.Length, out var unpacked, out var problem), problem);
        Assert.Equal(expected, unpacked);
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void What_is_cut_short_does_not_unpack(string sample)
    {
        var whole = Read(sample);
        // Where the first of two frames ends nothing is missing.
        var end = sample == "two.lz4" ? Read("text.java.lz4").Length : -1;
        for (var length = 0; length < whole.Length; length++)
            Assert.Equal(length == end, BodyCompression.TryUnpack(FlagOf(sample), whole.AsMemory(0, length), 1 << 20, out _, out _));
    }

    [Fact]
    public void What_is_damaged_fails_with_a_reason_or_unpacks_within_the_limit() => Seeded.Run(random =>
    {
        const int Limit = 300_000;
        (int Flag, byte[] Bytes)[] seeds = [.. Packed.Select(name => (FlagOf(name), Read(name))), (Zlib, BodyCompression.Pack(Read("text.bin")))];
        for (var run = 0; run < 10_000; run++)
        {
            var (flag, bytes) = seeds[random.Next(seeds.Length)];
            byte[] body = [.. bytes];
            for (var change = random.Next(1, 8); change > 0; change--)
                body[random.Next(random.Next(4) == 0 ? Math.Min(20, body.Length) : body.Length)] = (byte)random.Next(256);
            var unpacks = BodyCompression.TryUnpack(random.Next(20) == 0 ? Lz4 : flag, body, Limit, out var unpacked, out var problem);
            Assert.Equal(unpacks, problem is null);
            Assert.InRange(unpacked.Length, 0, unpacks ? Limit : 0);
        }
    });

    [Theory]
    [InlineData(MessageSysFlag.CompressionZlib)]
    [InlineData(MessageSysFlag.CompressionLz4)]
    public void What_was_packed_here_unpacks_again(int compression) => Seeded.Run(random =>
    {
        for (var run = 0; run < 300; run++)
        {
            var body = new byte[random.Next(random.Next(10) == 0 ? 300_000 : 3000)];
            var different = random.Next(1, 257);
            for (var i = 0; i < body.Length; i++)
                body[i] = i > 0 && random.Next(4) > 0 ? body[random.Next(Math.Max(0, i - random.Next(1, 70_000)), i)] : (byte)random.Next(different);
            var packed = BodyCompression.Pack(body, compression);
            Assert.True(BodyCompression.TryUnpack(MessageSysFlag.Compressed | compression, packed, body.Length, out var unpacked, out var problem), problem);
            Assert.Equal(body, unpacked);
        }
    });

    [Theory]
    [InlineData(MessageSysFlag.CompressionZlib)]
    [InlineData(MessageSysFlag.CompressionLz4)]
    public void A_small_body_does_not_become_any_amount_of_memory(int compression)
    {
        var bomb = BodyCompression.Pack(new byte[50_000_000], compression);
        Assert.InRange(bomb.Length, 0, 300_000);
        BodyCompression.TryUnpack(MessageSysFlag.Compressed | compression, bomb, 10_000, out _, out _);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.False(BodyCompression.TryUnpack(MessageSysFlag.Compressed | compression, bomb, 10_000, out _, out var problem));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, bomb.Length + 100_000);
        Assert.Equal("it unpacks to more than 10000 bytes", problem);
    }

    [Fact]
    public void A_frame_that_says_it_is_too_large_is_believed()
    {
        var frame = Read("long.linked.lz4");
        var said = BinaryPrimitives.ReadInt64LittleEndian(frame.AsSpan(6));
        Assert.Equal(180_000, said);
        Assert.False(BodyCompression.TryUnpack(Lz4, frame, 179_999, out _, out var problem));
        Assert.Equal("it unpacks to more than 179999 bytes", problem);
    }

    [Fact]
    public void What_cannot_be_unpacked_says_why()
    {
        Assert.Equal("it does not begin as a Zstandard frame", Problem(MessageSysFlag.CompressionZstd, Read("text.java.lz4")));
        Assert.Equal("it is compressed in a way that is not known (type 5)", Problem(5 << 8, Read("text.zst")));
        Assert.Equal("it does not begin as an LZ4 frame", Problem(MessageSysFlag.CompressionLz4, Read("text.zst")));
        Assert.NotNull(Problem(0, "garbage"u8.ToArray()));

        static string? Problem(int type, byte[] body)
        {
            Assert.False(BodyCompression.TryUnpack(MessageSysFlag.Compressed | type, body, 1 << 20, out var unpacked, out var problem));
            Assert.Empty(unpacked);
            return problem;
        }
    }

    private static int FlagOf(string sample) => sample.EndsWith(".zst", StringComparison.Ordinal) ? Zstandard : Lz4;

    private static byte[] Read(string name) => File.ReadAllBytes(Path.Combine(Golden, name));
}
