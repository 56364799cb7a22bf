using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Store.Timers;

namespace ProtoBridgeMQ.Broker.Timers;

/// <summary>Why a message may not wait for its time, in RocketMQ's words.</summary>
internal static class TimerRefusals
{
    /// <summary>The time is no time, too far away, or over for a recall.</summary>
    public static SendOutcome Illegal(BrokerOptions options) => new(
        SendStatus.PropertiesInvalid,
        Remark: $"timer message illegal, the delay time should not be bigger than the max delay {(long)options.TimerMaxDelay.TotalMilliseconds}ms; "
            + "or if set del msg, the delay time should be bigger than the current time");

    /// <summary>What the store said.</summary>
    public static SendOutcome Of(TimerAdmission admission, BrokerOptions options) => admission switch
    {
        TimerAdmission.SlotFull => new SendOutcome(
            SendStatus.TimerRefused,
            Remark: $"timer message is under flow control, max num limit is {options.MaxTimersPerSlot * 2L} or the current value is greater than "
                + $"{options.MaxTimersPerSlot} and less than {options.MaxTimersPerSlot * 2L}, trigger random flow control"),
        TimerAdmission.StoreFull => new SendOutcome(SendStatus.TimerRefused, Remark: $"timer message is under flow control, max num limit of the broker is {options.MaxTimers}"),
        TimerAdmission.Disabled => new SendOutcome(SendStatus.TimerRefused, Remark: "accurate timer message is not enabled, timerWheelEnable is false"),
        _ => Illegal(options),
    };
}
