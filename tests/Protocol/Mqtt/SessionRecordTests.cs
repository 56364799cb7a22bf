using System.Runtime.CompilerServices;
using ProtoBridgeMQ.Gateway.Mqtt.Sessions;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

public sealed class SessionRecordTests
{
    [Fact]
    public void A_session_is_kept_in_the_bytes_of_the_golden_file()
    {
        byte[] golden = Golden("session");
        var record = new SessionRecord
        {
            Owner = "gw",
            Epoch = 3,
            EpochBefore = 2,
            ExpirySeconds = 3600,
            DisconnectedAt = 1_700_000_000_000,
            NextNumber = 3,
            Subscriptions =
            [
                new SessionSubscription(1, "a/+"u8.ToArray(), 5, 7, [new QueuePosition("broker-a", 42)]),
                new SessionSubscription(2, "b"u8.ToArray(), 0, 0, []),
            ],
        };
        Assert.Equal(Convert.ToHexString(golden), Convert.ToHexString(SessionCodec.Encode(record)));
        SessionRecord read = Assert.IsType<SessionRecord>(SessionCodec.Decode(golden));
        Assert.Equal(golden, SessionCodec.Encode(read));
        Assert.True(read.Subscriptions[0] is { Qos: 1, NoLocal: true, RetainAsPublished: false, IsQueued: true });
        for (int length = 0; length < golden.Length; length++)
            Assert.Null(SessionCodec.Decode(golden.AsMemory(0, length)));
        Assert.Null(SessionCodec.Decode((byte[])[.. golden, 0]));
    }

    [Theory]
    [InlineData("progress", 2)]
    [InlineData("progress of retained", 3)]
    public void Progress_is_kept_in_the_bytes_of_the_golden_file(string name, int inFlight)
    {
        byte[] golden = Golden(name);
        var record = new ProgressRecord
        {
            IsFinal = true,
            LastPacketId = 9,
            Positions = [new SubscriptionPosition(1, new QueuePosition("broker-a", 50))],
            Flight = ((FlightEntry[])
            [
                new FlightEntry(8, 2, IsReceived: true, IsSent: true, Retain: false, 7, new QueuePosition("broker-a", 4096)),
                new FlightEntry(9, 1, IsReceived: false, IsSent: true, Retain: true, 0, new QueuePosition("broker-a", 8192)),
                new FlightEntry(10, 1, IsReceived: false, IsSent: true, Retain: true, 0, QueuePosition.OfRetained(3)),
            ])[..inFlight],
        };
        Assert.Equal(Convert.ToHexString(golden), Convert.ToHexString(ProgressCodec.Encode(record)));
        ProgressRecord read = Assert.IsType<ProgressRecord>(ProgressCodec.Decode(golden));
        Assert.Equal(record.Flight, read.Flight);
        Assert.Equal(record.Positions, read.Positions);
        for (int length = 0; length < golden.Length; length++)
            Assert.Null(ProgressCodec.Decode(golden.AsMemory(0, length)));

        // What was left out makes it version 2, with a number at the end.
        byte[] second = [2, .. golden.AsSpan(1), 0, 0, 0, 0, 0, 0, 1, 2];
        Assert.Equal(Convert.ToHexString(second), Convert.ToHexString(ProgressCodec.Encode(record with { LeftOut = 258 })));
        Assert.Equal(258, ProgressCodec.Decode(second)!.LeftOut);
        for (int length = 0; length < second.Length; length++)
            Assert.Null(ProgressCodec.Decode(second.AsMemory(0, length)));

        // How far subscriptions have what was retained makes it version 3, behind that number.
        byte[] third = [3, .. golden.AsSpan(1), 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 3, .. "a/b"u8, 0, 0, 0, 2, 1, 0, 0];
        RetainedPlace[] places = [new RetainedPlace(1, IsDone: false, "a/b"u8.ToArray()), new RetainedPlace(2, IsDone: true, default)];
        Assert.Equal(Convert.ToHexString(third), Convert.ToHexString(ProgressCodec.Encode(record with { Retained = places })));
        Assert.Equal(["1 False a/b", "2 True "], ProgressCodec.Decode(third)!.Retained.Select(place => $"{place.Number} {place.IsDone} {System.Text.Encoding.UTF8.GetString(place.After.Span)}"));
        for (int length = 0; length < third.Length; length++)
            Assert.Null(ProgressCodec.Decode(third.AsMemory(0, length)));
    }

    [Theory]
    [InlineData("pump-7", "pump-7")]
    [InlineData("a b/#\u0001ü", "a%20b%2F%23%01%C3%BC")]
    public void A_client_identifier_becomes_a_key_and_back(string clientId, string key)
    {
        Assert.Equal(key, SessionSpaces.KeyOf(clientId));
        Assert.Equal(clientId, SessionSpaces.ClientIdOf(key));
    }

    private static byte[] Golden(string record, [CallerFilePath] string here = "")
        => Convert.FromHexString(File.ReadLines(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "Golden", "mqtt", "sessions.tsv"))
            .Select(line => line.Split('\t')).Single(row => row[0] == record)[1]);
}
