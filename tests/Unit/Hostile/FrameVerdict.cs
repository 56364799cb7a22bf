using System.Buffers;
using ProtoBridgeMQ.Remoting.Frames;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Tests.Unit.Hostile;

/// <summary>What a server owes for some bytes: an answer to each whole request, or the end of the connection.</summary>
internal sealed record FrameVerdict(IReadOnlyList<int> Asked, bool IsBroken)
{
    public static FrameVerdict Of(byte[] bytes, RemotingOptions options)
    {
        var rest = new ReadOnlySequence<byte>(bytes);
        var asked = new List<int>();
        var header = new RemotingHeader();
        while (true)
        {
            FrameStatus status = FrameCutter.TryCut(ref rest, options.MaxFrameLength, out Frame frame, out _);
            if (status == FrameStatus.NeedMore)
            {
                return new FrameVerdict(asked, false);
            }

            if (status == FrameStatus.ProtocolError || frame.Header.Length > options.MaxHeaderLength || header.Decode(frame) is not null)
            {
                return new FrameVerdict(asked, true);
            }

            if (!header.IsResponse && !header.IsOneWay)
            {
                asked.Add(header.Opaque);
            }
        }
    }

    /// <summary>Reads until all is paid, and ends the connection; nothing may come beside.</summary>
    public async Task CheckAsync(RawPeer peer)
    {
        List<int> open = [.. Asked];
        while (open.Count > 0 || IsBroken)
        {
            if (await peer.NextAsync() is not { } answer)
            {
                Assert.True(peer.ClosedBecause is not null, "a connection ends with a reason when requests are open");
                await peer.RunsOut("a closed connection ends");
                return;
            }

            Take(open, answer);
        }

        await peer.EndAsync();
        while (await peer.NextAsync() is { } more)
        {
            Take(open, more);
        }

        Assert.Null(peer.ClosedBecause);
    }

    private static void Take(List<int> open, RawAnswer answer)
    {
        Assert.True(open.Remove(answer.Opaque), $"one answer to a request, and none to nothing: {answer}");
        Assert.True(answer.Code == 0 || answer.Remark is { Length: > 0 } || HasNoRemark(answer.Code), $"a refusal says why: {answer}");
        Assert.DoesNotContain("the request failed:", answer.Remark ?? string.Empty, StringComparison.Ordinal);
        Assert.DoesNotContain("the request got no answer", answer.Remark ?? string.Empty, StringComparison.Ordinal);
    }

    // Apache's broker says nothing with these either.
    private static bool HasNoRemark(int code) => code is Remoting.Protocol.ResponseCode.IllegalOperation;
}
